//! What the parts of one opened store share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_store::{Clock, StoreError};
use tokio::sync::watch;

use crate::faults::Faults;
use crate::options::Limits;
use crate::place::Place;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::ring::Ear;
use crate::troubles::Troubles;
use crate::wal::Copier;
use crate::watches::{WORKERS, Watcher, Watches};
use crate::writes::Written;

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
    /// Once anybody pays attention to instances, this process does until the store is closed.
    pub(crate) attention: Mutex<Option<Attending>>,
    pub(crate) copier: Copier,
    pub(crate) troubles: Troubles,
    pub(crate) written: Written,
    /// Held by the writer during a turn, and by whoever must not be stopped in the middle of one.
    pub(crate) turn: Mutex<()>,
}

/// What wakes whoever pays attention to instances, and what keeps it awake.
#[derive(Debug)]
pub(crate) struct Attending {
    changes: watch::Receiver<u64>,
    _watcher: Watcher,
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
        let ear = Ear::new(&self.place, &self.watches, &self.queue)
            .map_err(|why| why.told("listen for changes"))?;
        let is_reachable = ear.is_reachable();
        *hearing = Hearing::Listening(ear);
        Ok(is_reachable)
    }

    /// Begins to pay attention to messages and to instances that nobody holds.
    pub(crate) fn attend(&self) -> Result<watch::Receiver<u64>, StoreError> {
        let mut attention = self.attention.lock().unwrap_or_else(PoisonError::into_inner);
        if self.queue.is_closed() {
            return Err(StoreError::Closed);
        }
        let attending = match &mut *attention {
            Some(attending) => attending,
            none => {
                let (changes, watcher) = self.watches.add(&self.queue, WORKERS)?;
                none.insert(Attending { changes, _watcher: watcher })
            }
        };
        let mut changes = attending.changes.clone();
        changes.mark_unchanged();
        Ok(changes)
    }

    /// Whether this process may be listed as one to be rung.
    pub(crate) fn may_be_listed(&self) -> bool {
        matches!(&*self.hearing(), Hearing::Listening(ear) if ear.is_reachable())
    }

    /// Lets others see when this process dies: it is about to have a worker.
    pub(crate) fn open_door(&self) {
        if let Hearing::Listening(ear) = &*self.hearing()
            && let Err(why) = ear.open_door()
        {
            // Others find out when the worker's lease is over.
            self.troubles.note("let others see when this process dies", &why);
        }
    }

    /// Makes the listener see who the workers are.
    pub(crate) fn nudge_crew(&self) {
        if let Hearing::Listening(ear) = &*self.hearing() {
            ear.nudge_crew();
        }
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
