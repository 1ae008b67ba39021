//! Workers that talk over the wire: which registration is whose.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tenure_core::id::{Incarnation, Namespace, Principal};
use tenure_store::WorkerHandle;

use crate::answer::Answer;
use crate::caller::Caller;
use crate::routes::workers::gone;
use crate::setup::Served;

/// A worker that talks over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) worker: WorkerHandle,
    /// Whether it is let go of at once when its connection ends while it waits.
    pub(crate) revokes: bool,
}

/// Most registrations that are kept in memory.
const KNOWN_MAX: usize = 10_000;

/// Registrations that this process knows.
#[derive(Debug, Default)]
pub(crate) struct Remotes(Mutex<HashMap<String, Entry>>);

#[derive(Debug, Clone)]
struct Entry {
    namespace: Namespace,
    principal: Option<Principal>,
    remote: Remote,
}

impl Remotes {
    /// Keeps a worker; returns the name of its registration, which is hard to guess.
    pub(crate) fn enter(&self, caller: &Caller, incarnation: Incarnation, remote: Remote) -> String {
        let name = name(remote.worker, incarnation);
        let entry =
            Entry { namespace: caller.namespace.clone(), principal: caller.principal.clone(), remote };
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            // Those that are still there are found in the store again.
            known.clear();
        }
        known.insert(name.clone(), entry);
        name
    }

    /// The worker of a registration. One that was made before this process began is found in the store, and is anybody's
    /// of its tenant who can name it.
    pub(crate) async fn find(&self, served: &Served, caller: &Caller, registration: &str) -> Answer<Remote> {
        let known = self.known().get(registration).cloned();
        if let Some(entry) = known {
            let is_its = entry.namespace == caller.namespace && entry.principal == caller.principal;
            return if is_its { Ok(entry.remote) } else { Err(gone()) };
        }
        let workers = served.setup.engine.store().workers().await?;
        let named = |worker: &&tenure_store::Worker| {
            name(worker.worker, worker.lease.incarnation) == registration
                && worker.serving.namespace.as_ref() == Some(&caller.namespace)
        };
        let found = workers.iter().find(named).ok_or_else(gone)?;
        let remote = Remote { worker: found.worker, revokes: false };
        self.enter(caller, found.lease.incarnation, remote);
        Ok(remote)
    }

    /// Forgets a worker.
    pub(crate) fn leave(&self, registration: &str) {
        self.known().remove(registration);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        // Nothing panics while it holds the lock, and what is in the map stays whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(worker: WorkerHandle, incarnation: Incarnation) -> String {
    format!("wrk_{}_{incarnation}", worker.0)
}
