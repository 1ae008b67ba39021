//! Flaws in keeping instances and workers.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::time::WallTime;
use tenure_store::{
    Attention, ClaimRequest, Claimed, FreeRequest, HistoryPage, HistoryRequest, InstanceStore, MailRequest,
    Mailed, PostOutcome, PostRequest, RegisterOutcome, RegisterRequest, StoreError, TurnOutcome, TurnRequest,
    Wake, Worker, WorkerHandle, WorkerRenewal, WorkerStore,
};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl InstanceStore for MutantStore {
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>> {
        let flawed = turns.into_iter().map(|mut turn| {
            if self.has(Flaw::KeepsTakenMessages) {
                Arc::make_mut(&mut turn).taken.clear();
            }
            if self.has(Flaw::LosesSends) {
                Arc::make_mut(&mut turn).sends.clear();
            }
            turn
        });
        self.inner.commit_turns(flawed.collect()).await
    }

    async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        let mut claimed = self.inner.claim(request).await?;
        if self.has(Flaw::ForgetsRescue) {
            claimed.iter_mut().for_each(|claimed| claimed.is_rescued = false);
        }
        Ok(claimed)
    }

    async fn free(&self, instances: Vec<FreeRequest>) -> Result<(), StoreError> {
        let mut instances = instances;
        if self.has(Flaw::FreesForEver) {
            instances.iter_mut().for_each(|instance| instance.wake = Wake::Never);
        }
        self.inner.free(instances).await
    }

    async fn history(&self, request: HistoryRequest) -> Result<HistoryPage, StoreError> {
        let execution = request.execution.filter(|_| !self.has(Flaw::ShowsNewestHistory));
        self.inner.history(HistoryRequest { execution, ..request }).await
    }

    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError> {
        self.inner.post(request).await
    }

    async fn mail(&self, request: MailRequest) -> Result<Mailed, StoreError> {
        let mut mailed = self.inner.mail(request).await?;
        if self.has(Flaw::ReversesMail) {
            mailed.messages.reverse();
        }
        Ok(mailed)
    }

    async fn attend(&self) -> Result<Attention, StoreError> {
        self.inner.attend().await
    }

    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError> {
        self.inner.next_wake().await
    }
}

#[async_trait]
impl WorkerStore for MutantStore {
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        let replaces = request.replaces || self.has(Flaw::ReplacesLiveWorkers);
        self.inner.register(RegisterRequest { replaces, ..request }).await
    }

    async fn renew_worker(&self, worker: WorkerHandle) -> Result<WorkerRenewal, StoreError> {
        self.inner.renew_worker(worker).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        if self.has(Flaw::KeepsRetiredWorkers) { Ok(()) } else { self.inner.retire(worker).await }
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.inner.workers().await
    }
}
