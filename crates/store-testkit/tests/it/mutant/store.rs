//! A store in memory with one flaw.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use tenure_core::session::Session;
use tenure_core::time::Moment;
use tenure_store::{Clock as _, Find, Found, Handle, SessionStore as _, StoreError};
use tenure_store_testkit::{FaultyStore, ManualClock, MemoryStore};
use tokio::sync::watch;

use super::Flaw;

/// One instance of a store that breaks one promise.
#[derive(Debug)]
pub(crate) struct MutantStore {
    pub(crate) flaw: Flaw,
    /// With planned faults.
    pub(crate) inner: FaultyStore,
    /// The same without faults.
    pub(crate) memory: Arc<MemoryStore>,
    pub(crate) clock: ManualClock,
    /// What this instance has shown, for the flaw that it shows it again.
    pub(crate) seen: Mutex<HashMap<Handle, Found>>,
    /// Wakes of this instance's own writes, for flaws in waking.
    pub(crate) wakes: watch::Sender<u64>,
    /// How many ids it has made, for the flaw that it does not know what it was given.
    pub(crate) made: AtomicU64,
}

impl MutantStore {
    pub(crate) fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    pub(crate) fn wake(&self) {
        self.wakes.send_modify(|count| *count += 1);
    }

    pub(crate) fn reading(&self) -> Moment {
        self.clock.now()
    }

    /// A session as it is stored.
    pub(crate) async fn stored(&self, handle: Handle) -> Option<Session> {
        self.memory.find(Find::Handle(handle)).await.ok()?.current.session
    }
}

pub(crate) fn failed() -> StoreError {
    StoreError::Unavailable { what: "be without a flaw", source: "a flaw".into() }
}
