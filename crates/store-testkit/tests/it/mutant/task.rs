//! Flaws in keeping tasks and pins.

use async_trait::async_trait;
use tenure_core::id::{AffinityKey, Namespace};
use tenure_core::time::WallTime;
use tenure_store::{
    ClaimedTask, HandBack, MovePin, MovePinOutcome, Pin, PinsRequest, StoreError, TaskClaim, TaskEnd,
    TaskOutcome, TaskRenewal, TaskStore, WorkerHandle,
};

use super::store::MutantStore;

#[async_trait]
impl TaskStore for MutantStore {
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<Vec<ClaimedTask>, StoreError> {
        self.inner.claim_tasks(claim).await
    }

    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError> {
        self.inner.end_task(end).await
    }

    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError> {
        self.inner.hand_back(back).await
    }

    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        self.inner.renew_tasks(worker, renewals).await
    }

    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        self.inner.touch_pins(worker, keys).await
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        self.inner.pins(request).await
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        self.inner.move_pin(request).await
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        self.inner.next_task_at().await
    }
}
