//! Tasks and pins, with planned troubles.

use async_trait::async_trait;
use tenure_core::id::{AffinityKey, Namespace};
use tenure_core::time::WallTime;
use tenure_store::{
    GivenTasks, HandBack, Handle, ListedTask, MovePin, MovePinOutcome, Pin, PinsRequest, StoreError,
    TaskClaim, TaskEnd, TaskOutcome, TaskRenewal, TaskStore, WorkerHandle,
};

use super::{FaultyStore, Verb};

#[async_trait]
impl TaskStore for FaultyStore {
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<GivenTasks, StoreError> {
        self.faults.around(Verb::ClaimTasks, None, || self.inner.claim_tasks(claim.clone())).await
    }

    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError> {
        self.faults.around(Verb::EndTask, None, || self.inner.end_task(end.clone())).await
    }

    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError> {
        self.faults.around(Verb::HandBack, None, || self.inner.hand_back(back.clone())).await
    }

    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        let renew = || self.inner.renew_tasks(worker, renewals.clone());
        self.faults.around(Verb::RenewTasks, None, renew).await
    }

    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        self.faults.around(Verb::TouchPins, None, || self.inner.touch_pins(worker, keys.clone())).await
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        self.faults.around(Verb::Pins, None, || self.inner.pins(request.clone())).await
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        self.faults.around(Verb::MovePin, None, || self.inner.move_pin(request.clone())).await
    }

    async fn tasks_of(&self, instance: Handle) -> Result<Vec<ListedTask>, StoreError> {
        self.faults.around(Verb::TasksOf, None, || self.inner.tasks_of(instance)).await
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        self.faults.around(Verb::NextTaskAt, None, || self.inner.next_task_at()).await
    }
}
