//! The model finds sessions, commits decisions, renews leases and resolves lost answers.

use async_trait::async_trait;
use tenure_core::kind::Kind;
use tenure_core::lease::{Lease, Standing};
use tenure_core::time::{Moment, UnusableClock};
use tenure_store::{
    CommitOutcome, CommitRequest, Committed, Find, Found, RenewOutcome, RenewRequest, SessionStore,
    StoreError,
};

use super::MemoryStore;
use super::tables::Tables;

#[async_trait]
impl SessionStore for MemoryStore {
    async fn now(&self) -> Result<Moment, StoreError> {
        Ok(self.clock.now())
    }

    async fn find(&self, request: Find) -> Result<Found, StoreError> {
        Ok(self.lock().find(&request))
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitOutcome, StoreError> {
        let mut tables = self.lock();
        tables.commit(&request, &self.clock.now())
    }

    async fn renew(&self, request: RenewRequest) -> Result<RenewOutcome, StoreError> {
        let mut tables = self.lock();
        tables.renew(request, &self.clock.now()).map_err(|UnusableClock| StoreError::Unavailable {
            what: "judge a lease",
            source: "the wall clock stands before the epoch".into(),
        })
    }

    async fn resolve(&self, request: &CommitRequest) -> Result<Option<Committed>, StoreError> {
        let Some(last) = request.decision.session() else {
            return Ok(None);
        };
        let tables = self.lock();
        let handle = tables.ids.get(&(last.namespace.clone(), last.id.clone()));
        let commit = handle.and_then(|handle| tables.sessions[handle].commit);
        Ok(commit.filter(|(id, _)| *id == request.commit_id).map(|(_, committed)| committed))
    }
}

impl Tables {
    fn renew(&mut self, request: RenewRequest, now: &Moment) -> Result<RenewOutcome, UnusableClock> {
        let Some(stored) = self.sessions.get(&request.handle) else {
            return Ok(RenewOutcome::Fenced { current: tenure_core::id::Fence(0) });
        };
        let current = self.counters(&stored.session).fence;
        let session = &mut self.sessions.get_mut(&request.handle).expect("it was just there").session;
        let standing = session.standing(now);
        // An instance's lease is its worker's.
        let is_its_own = |lease: &&mut Lease| lease.fence == request.fence && session.kind != Kind::Workflow;
        let Some(lease) = session.lease.as_mut().filter(is_its_own) else {
            return Ok(RenewOutcome::Fenced { current });
        };
        if standing? == Standing::Over {
            return Ok(RenewOutcome::Expired);
        }
        lease.term = lease.term.renewed(now)?;
        Ok(RenewOutcome::Renewed(lease.term))
    }
}
