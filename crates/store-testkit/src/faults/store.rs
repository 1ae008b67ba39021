//! The wrapper that passes every verb on, unless trouble is planned for it.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::id::Namespace;
use tenure_core::time::Moment;
use tenure_store::{
    AdmitOutcome, AdmitRequest, AppendOutcome, AppendRequest, AppendResolution, ArrivalStore, ArriveOutcome,
    ArriveRequest, BringCheckpointOutcome, BringCheckpointRequest, BringOutcome, BringRequest, Changes,
    ChildrenRequest, CommitOutcome, CommitRequest, Committed, CompactOutcome, CompactRequest, Due, Figures,
    FiguresRequest, Find, Found, GroupFound, GroupRequest, GroupStore, Handle, Head, Inspect, LimitRequest,
    ListRequest, Listed, LogStore, NamedRequest, Page, Postpone, PurgeOutcome, PurgeStore, QueueCount,
    ReadOutcome, ReadRequest, RenewOutcome, RenewRequest, SessionStore, Statistics, Store, StoreError, Watch,
    Weight, Writes,
};

use super::{Faults, Verb};

/// A store around another one, with planned troubles.
#[derive(Debug, Clone)]
pub struct FaultyStore {
    pub(super) inner: Arc<dyn Store>,
    pub(super) faults: Faults,
}

impl FaultyStore {
    /// `inner`, but for what `faults` plans.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

#[async_trait]
impl SessionStore for FaultyStore {
    async fn now(&self) -> Result<Moment, StoreError> {
        self.faults.around(Verb::Now, None, || self.inner.now()).await
    }

    async fn find(&self, request: Find) -> Result<Found, StoreError> {
        self.faults.around(Verb::Find, None, || self.inner.find(request.clone())).await
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitOutcome, StoreError> {
        let id = Some(request.commit_id);
        self.faults.around(Verb::Commit, id, || self.inner.commit(request.clone())).await
    }

    async fn renew(&self, request: RenewRequest) -> Result<RenewOutcome, StoreError> {
        self.faults.around(Verb::Renew, None, || self.inner.renew(request)).await
    }

    async fn resolve(&self, request: &CommitRequest) -> Result<Option<Committed>, StoreError> {
        self.faults.around(Verb::Resolve, None, || self.inner.resolve(request)).await
    }
}

#[async_trait]
impl LogStore for FaultyStore {
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        let id = Some(request.commit_id);
        self.faults.around(Verb::Append, id, || self.inner.append(request.clone())).await
    }

    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError> {
        self.faults.around(Verb::ResolveAppend, None, || self.inner.resolve_append(request)).await
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        self.faults.around(Verb::Read, None, || self.inner.read(request.clone())).await
    }

    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError> {
        self.faults.around(Verb::Compact, None, || self.inner.compact(request)).await
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        self.faults.around(Verb::Watch, None, || self.inner.watch(handle)).await
    }

    async fn changes(&self) -> Result<Changes, StoreError> {
        self.faults.around(Verb::Changes, None, || self.inner.changes()).await
    }

    async fn heads(&self, after: Handle, limit: usize) -> Result<Vec<Head>, StoreError> {
        self.faults.around(Verb::Heads, None, || self.inner.heads(after, limit)).await
    }
}

#[async_trait]
impl Inspect for FaultyStore {
    async fn list(&self, request: ListRequest) -> Result<Page, StoreError> {
        self.faults.around(Verb::List, None, || self.inner.list(request.clone())).await
    }

    async fn named(&self, request: NamedRequest) -> Result<Vec<Listed>, StoreError> {
        self.faults.around(Verb::Named, None, || self.inner.named(request.clone())).await
    }

    async fn namespaces(&self) -> Result<Vec<Namespace>, StoreError> {
        self.faults.around(Verb::Namespaces, None, || self.inner.namespaces()).await
    }

    async fn children(&self, request: ChildrenRequest) -> Result<Page, StoreError> {
        self.faults.around(Verb::Children, None, || self.inner.children(request)).await
    }

    async fn due(&self, limit: usize) -> Result<Vec<Due>, StoreError> {
        self.faults.around(Verb::Due, None, || self.inner.due(limit)).await
    }

    async fn postpone(&self, looks: Vec<Postpone>) -> Result<(), StoreError> {
        self.faults.around(Verb::Postpone, None, || self.inner.postpone(looks.clone())).await
    }
}

#[async_trait]
impl Statistics for FaultyStore {
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError> {
        self.faults.around(Verb::Figures, None, || self.inner.figures(request.clone())).await
    }

    async fn queues(&self, namespace: Namespace) -> Result<Vec<QueueCount>, StoreError> {
        self.faults.around(Verb::Queues, None, || self.inner.queues(namespace.clone())).await
    }

    fn writes(&self) -> Writes {
        self.inner.writes()
    }
}

#[async_trait]
impl ArrivalStore for FaultyStore {
    async fn arrive(&self, request: ArriveRequest) -> Result<ArriveOutcome, StoreError> {
        self.faults.around(Verb::Arrive, None, || self.inner.arrive(request.clone())).await
    }

    async fn bring(&self, request: BringRequest) -> Result<BringOutcome, StoreError> {
        self.faults.around(Verb::Bring, None, || self.inner.bring(request.clone())).await
    }

    async fn bring_checkpoint(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        let id = Some(request.commit_id);
        self.faults.around(Verb::BringCheckpoint, id, || self.inner.bring_checkpoint(request.clone())).await
    }

    async fn admit(&self, request: AdmitRequest) -> Result<AdmitOutcome, StoreError> {
        let id = Some(request.commit_id);
        self.faults.around(Verb::Admit, id, || self.inner.admit(request.clone())).await
    }

    async fn give_up(&self, arrival: Handle) -> Result<(), StoreError> {
        self.faults.around(Verb::GiveUp, None, || self.inner.give_up(arrival)).await
    }
}

#[async_trait]
impl PurgeStore for FaultyStore {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        self.faults.around(Verb::Purge, None, || self.inner.purge(handle)).await
    }

    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError> {
        self.faults.around(Verb::Weigh, None, || self.inner.weigh(handle)).await
    }

    async fn reclaim(&self) -> Result<bool, StoreError> {
        self.faults.around(Verb::Reclaim, None, || self.inner.reclaim()).await
    }
}

#[async_trait]
impl GroupStore for FaultyStore {
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError> {
        self.faults.around(Verb::Group, None, || self.inner.group(request.clone())).await
    }

    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError> {
        self.faults.around(Verb::LimitGroup, None, || self.inner.limit_group(request.clone())).await
    }
}
