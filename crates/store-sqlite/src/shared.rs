//! What the parts of one opened store share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    pub(crate) hearing: Mutex<Hearing>,
    pub(crate) copier: Copier,
    pub(crate) troubles: Troubles,
    /// Held by the writer during a turn, and by whoever must not be stopped in the middle of one.
    pub(crate) turn: Mutex<()>,
}

/// Whether this process listens for others.
#[derive(Debug, Default)]
pub(crate) enum Hearing {
    /// Nothing was ever watched.
    #[default]
    NotYet,
    /// Something was.
    Listening(Ear),
    /// The store is closed.
    Over,
}

impl Shared {
    fn hearing(&self) -> MutexGuard<'_, Hearing> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to listen for other processes, unless that has begun. Returns whether they can ring.
    pub(crate) fn listen(&self) -> Result<bool, StoreError> {
        let mut hearing = self.hearing();
        match &*hearing {
            Hearing::Listening(ear) => return Ok(ear.is_reachable()),
            Hearing::Over => return Err(StoreError::Closed),
            Hearing::NotYet => {}
        }
        let ear = Ear::new(&self.place, &self.watches).map_err(|why| why.told("listen for changes"))?;
        let is_reachable = ear.is_reachable();
        *hearing = Hearing::Listening(ear);
        Ok(is_reachable)
    }

    /// Whether this process may be listed as one to be rung.
    pub(crate) fn may_be_listed(&self) -> bool {
        matches!(&*self.hearing(), Hearing::Listening(ear) if ear.is_reachable())
    }

    /// Makes the listener see that something is watched now.
    pub(crate) fn nudge(&self) {
        if let Hearing::Listening(ear) = &*self.hearing() {
            ear.nudge();
        }
    }

    /// Never listens again. The listener is waited for outside the lock.
    pub(crate) fn deafen(&self) {
        let heard = std::mem::replace(&mut *self.hearing(), Hearing::Over);
        drop(heard);
    }
}
