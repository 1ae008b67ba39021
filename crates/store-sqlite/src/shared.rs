//! What the parts of one opened store share.

use std::sync::{Arc, Mutex, PoisonError};

use tenure_store::{Clock, StoreError};

use crate::faults::Faults;
use crate::options::Limits;
use crate::place::Place;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::ring::Ear;
use crate::troubles::Troubles;
use crate::wal::Copier;
use crate::watches::Watches;

/// What the parts of one opened store share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) readers: Readers,
    pub(crate) watches: Arc<Watches>,
    pub(crate) ear: Mutex<Option<Ear>>,
    pub(crate) copier: Copier,
    pub(crate) troubles: Troubles,
    /// Held by the writer during a turn, and by whoever must not be stopped in the middle of one.
    pub(crate) turn: Mutex<()>,
}

impl Shared {
    /// Begins to listen for other processes, unless that has begun. Returns whether they can ring.
    pub(crate) fn listen(&self) -> Result<bool, StoreError> {
        let mut ear = self.ear.lock().unwrap_or_else(PoisonError::into_inner);
        let ear = match &mut *ear {
            Some(ear) => ear,
            none => none
                .insert(Ear::new(&self.place, &self.watches).map_err(|why| why.told("listen for changes"))?),
        };
        Ok(ear.is_reachable())
    }

    /// Makes the listener see that something is watched now.
    pub(crate) fn nudge(&self) {
        if let Some(ear) = &*self.ear.lock().unwrap_or_else(PoisonError::into_inner) {
            ear.nudge();
        }
    }

    /// No longer listens. The listener is waited for outside the lock.
    pub(crate) fn deafen(&self) {
        let ear = self.ear.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(ear);
    }
}
