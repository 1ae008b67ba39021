//! The model removes sessions.

use async_trait::async_trait;
use tenure_store::{Handle, PurgeOutcome, PurgeStore, Slot, StoreError};

use super::MemoryStore;
use super::tables::Tables;

#[async_trait]
impl PurgeStore for MemoryStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        Ok(self.lock().purge(handle))
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

impl Tables {
    fn purge(&mut self, handle: Handle) -> PurgeOutcome {
        match self.sessions.get(&handle) {
            None => return PurgeOutcome::NotFound,
            Some(stored) if !stored.session.is_terminal() => return PurgeOutcome::NotEnded,
            Some(_) => {}
        }
        let stored = self.sessions.remove(&handle).expect("it was just there");
        self.dropped.extend(stored.own().map(|event| (stored.session.namespace.clone(), event.clone())));
        let session = stored.session;
        self.purge_instance(handle);
        self.ids.remove(&(session.namespace.clone(), session.id.clone()));
        self.forget_parent(handle);
        if let Some(slot) = Slot::of(&session) {
            let left = self
                .sessions
                .iter()
                .rev()
                .find(|(_, stored)| Slot::of(&stored.session).as_ref() == Some(&slot));
            let newest = left.map(|(handle, _)| *handle);
            self.slots.get_mut(&slot).expect("a session's slot is there").newest = newest;
        }
        self.wake(handle);
        PurgeOutcome::Purged
    }

    fn forget_parent(&mut self, parent: Handle) {
        let children = self.sessions.values_mut().filter(|stored| stored.parent == Some(parent));
        for child in children.filter_map(|child| child.session.parent.as_mut()) {
            child.deleted = true;
        }
    }
}
