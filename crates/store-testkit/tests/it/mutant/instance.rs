//! Flaws in keeping instances and workers.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::time::WallTime;
use tenure_core::worker::Queues;
use tenure_store::{
    Attention, ClaimRequest, Claimed, Dismiss, DismissOutcome, Dismissal, FreeRequest, HistoryPage,
    HistoryRequest, InstanceStore, MailRequest, Mailed, NoticeId, PostOutcome, PostRequest, RegisterOutcome,
    RegisterRequest, RenewWorker, StoreError, TurnOutcome, TurnRequest, Wake, Worker, WorkerHandle,
    WorkerRenewal, WorkerStore,
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
            match self.flaw {
                Flaw::LosesSends => Arc::make_mut(&mut turn).sends.clear(),
                Flaw::LosesWithdrawn => Arc::make_mut(&mut turn).withdrawn.clear(),
                _ => {}
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
        if self.has(Flaw::ForgetsOut) {
            claimed.iter_mut().for_each(|claimed| claimed.out.clear());
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
        let mut request = request;
        if self.has(Flaw::RepeatsNotices) {
            request.noticed = NoticeId(0);
        }
        let mut mailed = self.inner.mail(request).await?;
        match self.flaw {
            Flaw::ReversesMail => mailed.messages.reverse(),
            Flaw::HidesNotices => mailed.notices.clear(),
            Flaw::HidesDraining => mailed.is_draining = false,
            _ => {}
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
        let mut request = RegisterRequest { replaces, ..request };
        if self.has(Flaw::ServesEveryQueue) {
            request.serving.queues = Queues::All;
        }
        if self.has(Flaw::ServesEveryTenant) {
            request.serving.namespace = None;
        }
        self.inner.register(request).await
    }

    async fn renew_worker(&self, renewal: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        let progress = if self.has(Flaw::ForgetsProgress) { 0 } else { renewal.progress };
        self.inner.renew_worker(RenewWorker { progress, ..renewal }).await
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        let how = if self.has(Flaw::DrainsTheEvicted) { Dismissal::Drain } else { request.how };
        self.inner.dismiss(Dismiss { how, ..request }).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        if self.has(Flaw::KeepsRetiredWorkers) { Ok(()) } else { self.inner.retire(worker).await }
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.inner.workers().await
    }
}
