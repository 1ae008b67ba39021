//! Flaws in keeping tasks and pins.

use std::time::Duration;

use async_trait::async_trait;
use tenure_core::id::{AffinityKey, Namespace};
use tenure_core::time::WallTime;
use tenure_core::worker::Hold;
use tenure_store::{
    GivenTasks, HandBack, Handle, ListedTask, MovePin, MovePinOutcome, Pin, PinsRequest, StoreError,
    TaskClaim, TaskEnd, TaskOutcome, TaskRenewal, TaskStore, WorkerHandle,
};

use super::Flaw;
use super::store::MutantStore;

#[async_trait]
impl TaskStore for MutantStore {
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<GivenTasks, StoreError> {
        let mut claim = claim;
        match self.flaw {
            Flaw::TakesHeldKeys => self.free_every_key().await?,
            Flaw::ForgetsBusyKeys => claim.busy.clear(),
            Flaw::ForgetsAttemptTimes => claim.ttl = None,
            _ => {}
        }
        let mut given = self.inner.claim_tasks(claim).await?;
        given.is_held_back &= self.flaw != Flaw::HoldsBackInSilence;
        for task in &mut given.tasks {
            match (self.flaw, &mut task.pin) {
                (Flaw::ForgetsTaskRescues, _) => task.rescues = 0,
                (Flaw::SaysHeldOfEveryKey, Some(grant)) => grant.hold = Hold::Held,
                _ => {}
            }
        }
        Ok(given)
    }

    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError> {
        let regrants = match self.flaw {
            Flaw::RegrantsAlways => true,
            Flaw::NeverRegrants => false,
            _ => end.regrants,
        };
        let details = end.details.clone().filter(|_| self.flaw != Flaw::ForgetsLastWords);
        self.inner.end_task(TaskEnd { regrants, details, ..end }).await
    }

    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError> {
        let mut back = back;
        match self.flaw {
            Flaw::CountsEveryHandBack => back.counts = true,
            Flaw::ForgetsDelays => back.delay = Duration::ZERO,
            Flaw::ForgetsMissingCode => back.lacks_code = false,
            _ => {}
        }
        self.inner.hand_back(back).await
    }

    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        let mut renewals = renewals;
        if self.has(Flaw::LosesDetails) {
            renewals.iter_mut().for_each(|renewal| renewal.details = None);
        }
        self.inner.renew_tasks(worker, renewals).await
    }

    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        let held = self.inner.touch_pins(worker, keys).await?;
        Ok(held.into_iter().map(|is_held| is_held || self.has(Flaw::TouchesEverything)).collect())
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        let mut request = request;
        match self.flaw {
            Flaw::ListsPinsOfAll => request.worker = None,
            Flaw::RepeatsPins => request.after = None,
            _ => {}
        }
        self.inner.pins(request).await
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        let to = request.to.filter(|_| !self.has(Flaw::MovesToNobody));
        self.inner.move_pin(MovePin { to, ..request }).await
    }

    async fn tasks_of(&self, instance: Handle) -> Result<Vec<ListedTask>, StoreError> {
        let mut tasks = self.inner.tasks_of(instance).await?;
        if self.has(Flaw::HidesWhoRunsTasks) {
            tasks.iter_mut().for_each(|task| task.worker = None);
        }
        Ok(tasks)
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        if self.has(Flaw::HidesHiddenTasks) { Ok(None) } else { self.inner.next_task_at().await }
    }
}

impl MutantStore {
    async fn free_every_key(&self) -> Result<(), StoreError> {
        let all = PinsRequest { limit: usize::MAX, ..PinsRequest::default() };
        for pin in self.memory.pins(all).await? {
            self.memory.move_pin(MovePin { namespace: pin.namespace, key: pin.key, to: None }).await?;
        }
        Ok(())
    }
}
