//! The model lists sessions and tells which are due.

use std::collections::BTreeSet;

use async_trait::async_trait;
use tenure_core::id::Namespace;
use tenure_core::time::WallTime;
use tenure_store::{
    ChildrenRequest, Due, Handle, Inspect, ListRequest, Listed, NamedRequest, Order, Page, Postpone,
    StoreError,
};

use super::MemoryStore;
use super::tables::Tables;

#[async_trait]
impl Inspect for MemoryStore {
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError> {
        Ok(self.lock().list(&request))
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        Ok(self.lock().named(&request))
    }

    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError> {
        Ok(self.lock().children(&request))
    }

    async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        Ok(self.clock.now().wall.map(|now| self.lock().due(now, limit)).unwrap_or_default())
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        let tables = self.lock();
        let all: BTreeSet<_> =
            tables.ids.keys().map(|(namespace, _)| namespace.as_str().to_owned()).collect();
        Ok(all.iter().map(|name| Namespace::parse(name).expect("it was one")).collect())
    }

    async fn postpone(&self, looks: Vec<Postpone>) -> Result<(), StoreError> {
        let mut tables = self.lock();
        for Postpone { handle, until } in looks {
            if let Some(stored) = tables.sessions.get_mut(&handle) {
                // What nothing makes expire has no next look to move.
                stored.look = stored.look.map(|_| until);
            }
        }
        Ok(())
    }
}

impl Tables {
    fn list(&self, request: &ListRequest) -> Page {
        let mut handles: Vec<_> = self.sessions.keys().copied().collect();
        if request.order == Order::Newest {
            handles.reverse();
        }
        let is_past = |handle: &Handle| match (request.past, request.order) {
            (None, _) => true,
            (Some(past), Order::Newest) => *handle < past,
            (Some(past), Order::Oldest) => *handle > past,
        };
        let rest = handles.into_iter().filter(is_past);
        let matching = rest.filter_map(|handle| self.listed(handle)).filter(|listed| {
            listed.session.namespace == request.namespace && request.filter.admits(&listed.session)
        });
        page(matching, request.page_max())
    }

    fn children(&self, request: &ChildrenRequest) -> Page {
        let children = self.sessions.iter().rev().filter(|(_, stored)| stored.parent == Some(request.parent));
        let older = children.filter(|(handle, _)| request.before.is_none_or(|before| **handle < before));
        page(older.filter_map(|(handle, _)| self.listed(*handle)), request.limit)
    }

    fn named(&self, request: &NamedRequest) -> Vec<Listed> {
        let by_id = self
            .ids
            .iter()
            .find(|((namespace, id), _)| *namespace == request.namespace && id.as_str() == request.name);
        if let Some((_, handle)) = by_id {
            return self.listed(*handle).into_iter().collect();
        }
        let slots = self
            .slots
            .iter()
            .filter(|(slot, _)| slot.namespace == request.namespace && slot.key.as_str() == request.name);
        let mut newest: Vec<_> = slots.filter_map(|(_, held)| self.listed(held.newest?)).collect();
        if newest.iter().any(|listed| !listed.session.is_terminal()) {
            newest.retain(|listed| !listed.session.is_terminal());
        }
        newest.sort_by_key(|listed| std::cmp::Reverse(listed.handle));
        newest
    }

    fn due(&self, now: WallTime, limit: usize) -> Vec<Due> {
        let looks = self.sessions.iter().filter_map(|(handle, stored)| Some((stored.look?, *handle)));
        let mut due: Vec<_> = looks.filter(|(look, _)| *look <= now).collect();
        due.sort_unstable();
        let found = |handle: Handle| Due { handle, session: self.sessions[&handle].session.clone() };
        due.into_iter().take(limit).map(|(_, handle)| found(handle)).collect()
    }
}

fn page(found: impl Iterator<Item = Listed>, limit: usize) -> Page {
    let mut sessions: Vec<_> = found.take(limit + 1).collect();
    let has_more = sessions.len() > limit;
    sessions.truncate(limit);
    let next = sessions.last().filter(|_| has_more).map(|last| last.handle);
    Page { sessions, next }
}
