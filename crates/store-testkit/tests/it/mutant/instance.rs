//! Flaws in keeping instances and workers.

use async_trait::async_trait;
use tenure_core::time::WallTime;
use tenure_store::{
    Attention, ClaimRequest, Claimed, Dismiss, DismissOutcome, FreeRequest, HistoryPage, HistoryRequest,
    InstanceStore, MailRequest, Mailed, PostOutcome, PostRequest, RegisterOutcome, RegisterRequest,
    RenewWorker, StoreError, TurnOutcome, TurnRequest, Wake, Worker, WorkerHandle, WorkerRenewal,
    WorkerStore,
};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl InstanceStore for MutantStore {
    async fn commit_turn(&self, request: TurnRequest) -> Result<TurnOutcome, StoreError> {
        let mut request = request;
        if self.has(Flaw::KeepsTakenMessages) {
            request.taken.clear();
        }
        if self.has(Flaw::LosesSends) {
            request.sends.clear();
        }
        self.inner.commit_turn(request).await
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

    async fn renew_worker(&self, renewal: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        self.inner.renew_worker(renewal).await
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        self.inner.dismiss(request).await
    }

    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError> {
        if self.has(Flaw::KeepsRetiredWorkers) { Ok(()) } else { self.inner.retire(worker).await }
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.inner.workers().await
    }
}
