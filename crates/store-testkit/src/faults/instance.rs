//! Instances and workers, with planned troubles.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::time::WallTime;
use tenure_store::{
    Attention, ClaimRequest, Claimed, Dismiss, DismissOutcome, FreeRequest, HistoryPage, HistoryRequest,
    InstanceStore, MailRequest, Mailed, PostOutcome, PostRequest, RegisterOutcome, RegisterRequest,
    RenewWorker, StoreError, TurnOutcome, TurnRequest, Worker, WorkerHandle, WorkerRenewal, WorkerStore,
};

use super::{FaultyStore, Verb};

#[async_trait]
impl InstanceStore for FaultyStore {
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>> {
        let mut outcomes = Vec::with_capacity(turns.len());
        for turn in turns {
            let id = Some(turn.commit_id);
            let commit = || self.inner.commit_turn(TurnRequest::clone(&turn));
            outcomes.push(self.faults.around(Verb::CommitTurn, id, commit).await);
        }
        outcomes
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        self.faults.around(Verb::Claim, None, || self.inner.claim(request.clone())).await
    }

    async fn free(&self, instances: Vec<FreeRequest>) -> Result<(), StoreError> {
        self.faults.around(Verb::Free, None, || self.inner.free(instances.clone())).await
    }

    async fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError> {
        self.faults.around(Verb::History, None, || self.inner.history(request)).await
    }

    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError> {
        self.faults.around(Verb::Post, None, || self.inner.post(request.clone())).await
    }

    async fn mail(&self, request: MailRequest) -> Result<Mailed, StoreError> {
        self.faults.around(Verb::Mail, None, || self.inner.mail(request)).await
    }

    async fn attend(&self) -> Result<Attention, StoreError> {
        self.faults.around(Verb::Attend, None, || self.inner.attend()).await
    }

    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError> {
        self.faults.around(Verb::NextWake, None, || self.inner.next_wake()).await
    }
}

#[async_trait]
impl WorkerStore for FaultyStore {
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        self.faults.around(Verb::Register, None, || self.inner.register(request.clone())).await
    }

    async fn renew_worker(&self, renewal: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        self.faults.around(Verb::RenewWorker, None, || self.inner.renew_worker(renewal)).await
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        self.faults.around(Verb::Dismiss, None, || self.inner.dismiss(request.clone())).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        self.faults.around(Verb::Retire, None, || self.inner.retire(worker)).await
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.faults.around(Verb::Workers, None, || self.inner.workers()).await
    }
}
