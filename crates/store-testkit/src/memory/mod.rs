//! The model of the contract: plain maps behind one lock, written to be obviously right.

mod answer;
mod arrival;
mod assign;
mod checkpoint;
mod commit;
mod group;
mod harness;
mod inspect;
mod instance;
mod log;
mod pin;
mod purge;
mod session;
mod statistics;
mod tables;
mod task;
mod token;
mod worker;

use std::sync::{Arc, Mutex, MutexGuard};

use tenure_core::session::Session;
use tenure_store::{Clock, Handle};

pub use harness::MemoryHarness;
pub(crate) use statistics::{event_counts, open_times, tallies};

use crate::ManualClock;
use tables::Tables;

/// A store in memory. Clones are further instances on the same stored sessions.
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    tables: Arc<Mutex<Tables>>,
    /// There as long as this instance is.
    process: Arc<()>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self { clock: Arc::clone(&self.clock), tables: Arc::clone(&self.tables), process: Arc::default() }
    }
}

impl MemoryStore {
    /// An empty store whose leases are judged by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tables: Arc::default(), process: Arc::default() }
    }

    /// An empty store, and the clock that moves its time.
    #[must_use]
    pub fn manual() -> (Arc<Self>, ManualClock) {
        let clock = ManualClock::new();
        (Arc::new(Self::new(Arc::new(clock.clone()))), clock)
    }

    /// Changes a stored session behind every rule, for tests of what must not happen.
    ///
    /// # Panics
    /// When there is no such session.
    pub fn tamper(&self, handle: Handle, change: impl FnOnce(&mut Session)) {
        let mut tables = self.lock();
        change(&mut tables.sessions.get_mut(&handle).expect("a stored session").session);
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().expect("no verb panics while it holds the tables")
    }
}
