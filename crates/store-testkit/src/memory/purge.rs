//! The model removes sessions.

use async_trait::async_trait;
use tenure_core::event::{Event, EventDraft};
use tenure_core::session::Needed;
use tenure_store::{Handle, PurgeOutcome, PurgeStore, Slot, StoreError, Weight, record};

use super::MemoryStore;
use super::tables::{Stored, Tables};

#[async_trait]
impl PurgeStore for MemoryStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        Ok(self.lock().purge(handle))
    }

    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError> {
        Ok(self.lock().sessions.get(&handle).map(weight).unwrap_or_default())
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        tables.give_up_idle(&self.clock.now());
        Ok(false)
    }
}

/// What its events take, each stored by itself.
fn weight(stored: &Stored) -> Weight {
    let size = |event: &Event| {
        let draft = EventDraft { id: event.id.clone(), data: event.data.clone() };
        record::encode_events(vec![draft]).len() as u64
    };
    Weight { events: stored.log.len() as u64, bytes: stored.log.iter().map(size).sum() }
}

impl Tables {
    fn purge(&mut self, handle: Handle) -> PurgeOutcome {
        match self.sessions.get(&handle) {
            None => return PurgeOutcome::NotFound,
            Some(stored) => match stored.session.needed() {
                Some(Needed::Open) => return PurgeOutcome::NotEnded,
                Some(Needed::Retained) => return PurgeOutcome::Retained,
                Some(Needed::OnItsWay) => return PurgeOutcome::OnItsWay,
                None => {}
            },
        }
        let stored = self.sessions.remove(&handle).expect("it was just there");
        self.dropped.extend(stored.own().map(|event| (stored.session.namespace.clone(), event.clone())));
        let session = stored.session;
        self.purge_instance(handle);
        self.ids.remove(&(session.namespace.clone(), session.id.clone()));
        self.origins.remove(&handle);
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
