//! Flaws in lists, names, and what is due.

use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::Namespace;
use tenure_core::time::WallTime;
use tenure_store::{
    ChildrenRequest, Due, Find, Handle, Inspect, ListRequest, Listed, NamedRequest, Order, Page, Period,
    Postpone, SessionStore as _, StoreError,
};
use tenure_store_testkit::fixture::{slot, workspace};
use tenure_store_testkit::list_all;

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl Inspect for MutantStore {
    async fn list(&self, mut request: ListRequest) -> Result<Page, StoreError> {
        match self.flaw {
            Flaw::ListsAllStates => request.filter.states.clear(),
            Flaw::ListsAllKinds => request.filter.kinds.clear(),
            Flaw::ListsAnyLabel => request.filter.labels.truncate(1),
            Flaw::ListsAnyPrincipal => request.filter.principals.clear(),
            Flaw::ListsFirstPrincipal => request.filter.principals.truncate(1),
            Flaw::ListsAnyHolder => request.filter.holder = None,
            Flaw::ListsAnyKey => request.filter.key_prefix = None,
            Flaw::ListsAnyParent => request.filter.parent = None,
            Flaw::ListsAnyDirectory => request.filter.directory = None,
            Flaw::ListsAnyCreation => request.filter.created = Period::default(),
            Flaw::ListsAnyStart => request.filter.started = Period::default(),
            Flaw::ListsWithoutEnds => request.filter.created = without_ends(request.filter.created),
            Flaw::FindsAnything => request.filter.terms.clear(),
            Flaw::FindsFirstTerm => request.filter.terms.truncate(1),
            Flaw::IgnoresOrder => request.order = Order::Newest,
            Flaw::RepeatsSession => request.past = request.past.map(|Handle(past)| Handle(past + 1)),
            _ => {}
        }
        let mut page = self.inner.list(request).await?;
        match self.flaw {
            Flaw::ListsOldestFirst => page.sessions.reverse(),
            Flaw::NeverEndsList => page.next = page.sessions.last().map(|listed| listed.handle),
            Flaw::EndsListEarly => page.next = None,
            _ => {}
        }
        Ok(page)
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        let by_key = self.by_key(&request.name).await;
        match self.flaw {
            Flaw::NamesKeysFirst if !by_key.is_empty() && self.is_id(&request).await => Ok(by_key),
            Flaw::NamesEnded if by_key.len() > 1 => Ok(by_key),
            _ => self.inner.named(request).await,
        }
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        let mut all = self.inner.namespaces().await?;
        all.truncate(if self.has(Flaw::HidesTenants) { 1 } else { usize::MAX });
        Ok(all)
    }

    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError> {
        if self.has(Flaw::ListsAllChildren) {
            let listed = list_all(self.memory.as_ref(), &Namespace::default_name()).await;
            let sessions = listed.into_iter().filter(|listed| listed.session.parent.is_some()).collect();
            return Ok(Page { sessions, next: None });
        }
        let mut page = self.inner.children(request).await?;
        if self.has(Flaw::EndsChildrenEarly) {
            page.next = None;
        }
        Ok(page)
    }

    async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        match self.flaw {
            Flaw::NeverDue => Ok(Vec::new()),
            Flaw::DueWithoutLimit => self.inner.due(usize::MAX).await,
            Flaw::DueLatestFirst => {
                let mut due = self.inner.due(usize::MAX).await?;
                due.reverse();
                due.truncate(limit);
                Ok(due)
            }
            Flaw::DueEnded => {
                let all = list_all(self.memory.as_ref(), &Namespace::default_name()).await;
                let ended = all.into_iter().filter(|listed| listed.session.is_terminal());
                let ended = ended.map(|Listed { handle, session, .. }| Due { handle, session });
                Ok(self.inner.due(limit).await?.into_iter().chain(ended).take(limit).collect())
            }
            _ => self.inner.due(limit).await,
        }
    }

    async fn postpone(&self, looks: Vec<Postpone>) -> Result<(), StoreError> {
        if self.has(Flaw::IgnoresPostpone) { Ok(()) } else { self.inner.postpone(looks).await }
    }
}

/// The times strictly between its ends.
fn without_ends(period: Period) -> Period {
    let tick = Duration::from_millis(1);
    let to = period.to.map(|to| WallTime::from_epoch_ms(to.epoch_ms().saturating_sub(1)));
    Period { from: period.from.map(|from| from.after(tick)), to }
}

impl MutantStore {
    async fn is_id(&self, request: &NamedRequest) -> bool {
        let Ok(id) = tenure_core::id::SessionId::parse(&request.name) else { return false };
        let find = Find::Id { namespace: request.namespace.clone(), id };
        self.memory.find(find).await.is_ok_and(|found| found.handle.is_some())
    }

    /// What the slots of a key hold, open or not, newest first.
    async fn by_key(&self, name: &str) -> Vec<Listed> {
        let mut listed = Vec::new();
        if tenure_core::id::Key::parse(name).is_err() {
            return listed;
        }
        for slot in [slot(name), workspace(name)] {
            let found = self.memory.find(Find::Slot(slot)).await.unwrap_or_default();
            if let (Some(handle), Some(session)) = (found.handle, found.current.session) {
                listed.push(Listed { handle, session, head: found.head, earliest: found.earliest });
            }
        }
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.handle));
        listed
    }
}
