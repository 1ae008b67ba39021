//! The model keeps tasks: what waits, who runs it, and how that ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::id::{AffinityKey, Fence, Namespace, QueueName};
use tenure_core::lease::{Standing, Term};
use tenure_core::orchestration::{Activity, Mail, Payload};
use tenure_core::time::{BootMoment, Moment, WallTime};
use tenure_core::worker::Affinity;
use tenure_store::{
    GivenTasks, HandBack, Handle, ListedTask, MovePin, MovePinOutcome, Notice, NoticeId, Out, Pin,
    PinsRequest, StoreError, TaskClaim, TaskEnd, TaskId, TaskOutcome, TaskRenewal, TaskStore, WorkerHandle,
};

use super::MemoryStore;
use super::pin::Keyed;
use super::tables::{Tables, wall_or_epoch};

/// Every task, in order.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    pub(super) all: BTreeMap<TaskId, Task>,
    pub(super) last: i64,
    notices: BTreeMap<NoticeId, (WorkerHandle, Notice)>,
    last_notice: i64,
}

/// An activity that somebody is to run.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) instance: Handle,
    pub(super) namespace: Namespace,
    pub(super) execution: u64,
    pub(super) activity: Arc<Activity>,
    pub(super) queue: Option<QueueName>,
    pub(super) affinity: Option<Affinity>,
    pub(super) attempt: u32,
    pub(super) rescues: u32,
    pub(super) fence: Fence,
    pub(super) hidden_until: Option<WallTime>,
    pub(super) waits_since: BootMoment,
    /// Starts of workers that lack its code.
    pub(super) lacks: BTreeSet<WorkerHandle>,
    pub(super) details: Option<Payload>,
    pub(super) run: Option<Run>,
}

/// An attempt that a worker was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) worker: WorkerHandle,
    /// Its own time, if it has one. It is over as well when its worker's is.
    pub(super) term: Option<Term>,
}

impl Task {
    pub(super) fn keyed(&self) -> Option<Keyed> {
        let affinity = self.affinity.as_ref()?;
        Some((self.namespace.clone(), affinity.key.clone()))
    }

    fn is_of(&self, worker: WorkerHandle, fence: Fence) -> bool {
        self.fence == fence && self.run.is_some_and(|run| run.worker == worker)
    }

    /// It can be claimed again.
    fn wait_again(&mut self, now: &Moment) {
        (self.run, self.waits_since) = (None, now.boot);
    }

    /// Its attempt was lost with whoever ran it.
    pub(super) fn lose_attempt(&mut self) {
        self.attempt += 1;
        self.rescues += 1;
    }
}

impl Tasks {
    pub(super) fn of_key(&self, key: &Keyed) -> impl Iterator<Item = &Task> {
        self.all.values().filter(move |task| task.keyed().as_ref() == Some(key))
    }

    pub(super) fn run_by(&self, worker: WorkerHandle) -> impl Iterator<Item = &Task> {
        self.all.values().filter(move |task| task.run.is_some_and(|run| run.worker == worker))
    }

    /// The tasks of an instance, in order.
    pub(super) fn out(&self, instance: Handle) -> Vec<Out> {
        let its = self.all.iter().filter(|(_, task)| task.instance == instance);
        its.map(|(id, task)| Out { task: *id, op: task.activity.op, attempt: task.attempt }).collect()
    }

    /// What a worker is told.
    pub(super) fn notices(
        &self,
        worker: WorkerHandle,
        after: NoticeId,
        limit: usize,
    ) -> Vec<(NoticeId, Notice)> {
        let its = self.notices.iter().filter(|(id, (whose, _))| **id > after && *whose == worker);
        its.take(limit).map(|(id, (_, notice))| (*id, notice.clone())).collect()
    }

    /// A worker took in what it was told up to here.
    pub(super) fn forget_notices(&mut self, worker: WorkerHandle, to: NoticeId) {
        self.notices.retain(|id, (whose, _)| *whose != worker || *id > to);
    }
}

#[async_trait]
impl TaskStore for MemoryStore {
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<GivenTasks, StoreError> {
        let mut tables = self.lock();
        Ok(tables.claim_tasks(&claim, &self.clock.now()))
    }

    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError> {
        let mut tables = self.lock();
        Ok(tables.end_task(end, &self.clock.now()))
    }

    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError> {
        let mut tables = self.lock();
        Ok(tables.hand_back(&back, &self.clock.now()))
    }

    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        let mut tables = self.lock();
        let now = self.clock.now();
        Ok(renewals.into_iter().map(|renewal| tables.renew_task(worker, renewal, &now)).collect())
    }

    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        let mut tables = self.lock();
        let now = self.clock.now();
        let is_live = tables.workers.is_live(worker, &now);
        Ok(keys.iter().map(|key| is_live && tables.use_pin(worker, key, &now)).collect())
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        Ok(self.lock().list_pins(&request, &self.clock.now()))
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        let mut tables = self.lock();
        Ok(tables.move_pin(request, &self.clock.now()))
    }

    async fn tasks_of(&self, instance: Handle) -> Result<Vec<ListedTask>, StoreError> {
        let (tables, now) = (self.lock(), self.clock.now());
        let its = tables.tasks.all.iter().filter(|(_, task)| task.instance == instance);
        let listed = its.map(|(id, task)| {
            let run = task.run.filter(|_| tables.is_under_way(task, &now));
            let worker = run.and_then(|run| tables.workers.name(run.worker));
            ListedTask { task: *id, op: task.activity.op, attempt: task.attempt, worker }
        });
        Ok(listed.collect())
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        let (tables, now) = (self.lock(), wall_or_epoch(&self.clock.now()));
        let hidden = tables.tasks.all.values().filter_map(|task| task.hidden_until);
        Ok(hidden.filter(|until| *until > now).min())
    }
}

impl Tables {
    /// Whether somebody runs a task, and its time is not over.
    pub(super) fn is_under_way(&self, task: &Task, now: &Moment) -> bool {
        task.run.is_some_and(|run| {
            let is_its_time = run.term.is_none_or(|term| term.standing(now) == Ok(Standing::Live));
            is_its_time && self.workers.is_live(run.worker, now)
        })
    }

    /// Whether a worker could ever run a task.
    pub(super) fn can_run(&self, worker: WorkerHandle, task: &Task) -> bool {
        self.workers.serving(worker).is_some_and(|serving| {
            let serves = serving.serves(&task.namespace, task.queue.as_ref());
            let serves_keys = task.affinity.is_none() || serving.busy_max > 0;
            serves && serves_keys && !task.lacks.contains(&worker)
        })
    }

    fn end_task(&mut self, end: TaskEnd, now: &Moment) -> TaskOutcome {
        let Some(task) = self.tasks.all.get(&end.task) else { return TaskOutcome::Gone };
        let is_in_time = self.is_under_way(task, now) || end.regrants;
        if !task.is_of(end.worker, end.fence) || !is_in_time {
            return TaskOutcome::Expired;
        }
        let task = self.tasks.all.remove(&end.task).expect("it was just there");
        if let Some(key) = task.keyed() {
            self.use_pin(end.worker, &key, now);
        }
        let (execution, op) = (task.execution, task.activity.op);
        let (attempt, rescues) = (task.attempt, task.rescues);
        let TaskEnd { details, result, .. } = end;
        self.send_to(task.instance, &Mail::TaskEnded { execution, op, attempt, rescues, details, result });
        TaskOutcome::Done
    }

    fn hand_back(&mut self, back: &HandBack, now: &Moment) -> TaskOutcome {
        let Some(task) = self.tasks.all.get_mut(&back.task) else { return TaskOutcome::Gone };
        if !task.is_of(back.worker, back.fence) {
            return TaskOutcome::Expired;
        }
        task.wait_again(now);
        task.attempt += u32::from(back.counts);
        task.hidden_until = (!back.delay.is_zero()).then(|| wall_or_epoch(now).after(back.delay));
        if back.lacks_code {
            task.lacks.insert(back.worker);
        } else if let Some(key) = task.keyed() {
            self.use_pin(back.worker, &key, now);
        }
        self.call_workers();
        TaskOutcome::Done
    }

    fn renew_task(&mut self, worker: WorkerHandle, renewal: TaskRenewal, now: &Moment) -> TaskOutcome {
        let Some(task) = self.tasks.all.get(&renewal.task) else { return TaskOutcome::Gone };
        if !task.is_of(worker, renewal.fence) || !self.is_under_way(task, now) {
            return TaskOutcome::Expired;
        }
        let key = task.keyed();
        let task = self.tasks.all.get_mut(&renewal.task).expect("it was just there");
        let term = task.run.as_mut().and_then(|run| run.term.as_mut());
        if let Some(term) = term {
            *term = term.renewed(now).expect("a term that needs no wall clock");
        }
        task.details = renewal.details.or_else(|| task.details.take());
        if let Some(key) = key {
            self.use_pin(worker, &key, now);
        }
        TaskOutcome::Done
    }

    /// Nobody waits for a task any more; who runs it is told.
    pub(super) fn withdraw(&mut self, id: TaskId) {
        let Some(task) = self.tasks.all.remove(&id) else { return };
        if let Some(run) = task.run {
            self.tell(run.worker, Notice::Withdrawn { task: id, fence: task.fence });
        }
        // What waited behind it may be next.
        self.call_workers();
    }

    /// Nobody waits for anything that an instance asked for any more.
    pub(super) fn withdraw_all(&mut self, instance: Handle) {
        for out in self.tasks.out(instance) {
            self.withdraw(out.task);
        }
    }

    /// What a worker runs can be claimed again; it is known no more.
    pub(super) fn free_tasks(&mut self, worker: WorkerHandle, is_rescued: bool, now: &Moment) {
        for task in self.tasks.all.values_mut() {
            if task.run.is_some_and(|run| run.worker == worker) {
                task.wait_again(now);
                if is_rescued {
                    task.lose_attempt();
                }
            }
        }
        self.tasks.notices.retain(|_, (whose, _)| *whose != worker);
        self.call_workers();
    }

    /// Tells a worker something.
    pub(super) fn tell(&mut self, worker: WorkerHandle, notice: Notice) {
        self.tasks.last_notice += 1;
        self.tasks.notices.insert(NoticeId(self.tasks.last_notice), (worker, notice));
        self.call_workers();
    }
}
