//! Tasks: activities of any instance that this worker claims and runs.

use std::cmp::Reverse;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_core::orchestration::{Failure, Payload};
use tenure_core::time::WallTime;
use tenure_store::{
    ClaimedTask, GivenTasks, HandBack, Notice, NoticeId, StoreError, TaskClaim, TaskEnd, TaskId, TaskOutcome,
    TaskRenewal,
};
use tokio_util::sync::CancellationToken;

use super::super::attempt::{Attempt, Run, Vitals};
use super::super::news::WorkerNews;
use super::super::order::Whose;
use super::super::registry::KnownActivity;
use super::super::step::next_wait;
use super::alone::{ALONE_FROM, ALONE_WAITS, Suspect};
use super::attempts::{poisoned, unheard};
use super::{Conductor, Done, Due, RETRY_AFTER, next_look};
use crate::Steady;

/// Most tasks that are claimed at once.
const CLAIM_MAX: usize = 32;
/// How long a task stays hidden whose code is missing, at first and at most.
const LACKING: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// Of how many tasks it is remembered how often they were handed back.
const LACKING_MAX: usize = 4096;

/// A task that runs here.
pub(super) struct Taken {
    fence: Fence,
    vitals: Vitals,
    /// Whether nobody waits for it any more: its end is not told.
    is_withdrawn: bool,
    /// How far it, or one before it, said that it was.
    details: Option<Payload>,
    heartbeat_timeout: Option<Duration>,
}

impl Conductor {
    /// Claims tasks for the slots that are free, if there may be some.
    pub(super) fn claim_tasks(&mut self) {
        let is_busy = self.is_claiming_tasks || self.stopping.is_some() || !self.is_trusted();
        let free = self.room.free_slots(self.queued.len().saturating_add(self.unstarted.len()));
        if is_busy || free == 0 || !self.room.serves_tasks() || !std::mem::take(&mut self.wants_tasks) {
            return;
        }
        self.is_claiming_tasks = true;
        let (store, asked) = (Arc::clone(self.engine.store()), free.min(CLAIM_MAX));
        let lapses = self.pulse.lapses();
        // What is freed from here on is asked for again, if this claim had to pass it over.
        let _before = self.room.takes_freed();
        let claim = TaskClaim { worker: self.worker, limit: asked, busy: self.room.here.list(), ttl: None };
        self.work.push(Box::pin(async move {
            let given = store.claim_tasks(claim).await;
            let next = match &given {
                Ok(given) if given.tasks.len() < asked => store.next_task_at().await.unwrap_or_default(),
                Ok(_) | Err(_) => None,
            };
            Done::ClaimedTasks { asked, lapses, given, next }
        }));
    }

    pub(super) fn claimed_tasks(
        &mut self,
        (asked, lapses): (usize, u64),
        given: Result<GivenTasks, StoreError>,
        next: Option<WallTime>,
    ) {
        self.is_claiming_tasks = false;
        let GivenTasks { tasks: given, is_held_back } = match given {
            Ok(given) => given,
            // What was given, if it was, nobody would get before this worker begins anew.
            Err(StoreError::Unknown { .. }) => return self.abandon(),
            Err(_) => {
                self.tasks_at = Some(self.now.after(RETRY_AFTER));
                return;
            }
        };
        self.is_held_back = is_held_back;
        self.wants_tasks |= given.len() >= asked || self.is_freed();
        let next = next_look(next, self.now, &mut self.tasks_for);
        // A key that waits for whoever holds fewer is for everybody after a while.
        let patient = self.now.after(limits::SHARE_PATIENCE);
        let later = (given.len() < asked && std::mem::take(&mut self.was_called)).then_some(patient);
        self.tasks_at = next.into_iter().chain(later).min();
        self.unstarted.extend(given.into_iter().map(|task| (lapses, task)));
        if self.stopping.is_some() {
            self.hand_back_unstarted();
        }
    }

    /// Begins the tasks for which there is a slot, and whose key may be busy.
    pub(super) fn start_tasks(&mut self) {
        let mut waiting = std::mem::take(&mut self.unstarted);
        while let Some((lapses, task)) = waiting.pop_front() {
            if lapses != self.pulse.lapses() {
                // It may be somebody else's by now.
                self.hand_back((task.task, task.fence), Duration::ZERO, false);
                self.wants_tasks = true;
                continue;
            }
            let is_admitted = self.room.free_slots(self.queued.len()) > 0 && self.admits(&task);
            if is_admitted {
                self.start_task(task, lapses);
            } else {
                self.unstarted.push_back((lapses, task));
            }
        }
    }

    /// Whether a key is free for which something may have had to wait.
    pub(super) fn is_freed(&self) -> bool {
        self.is_held_back && self.room.takes_freed()
    }

    fn admits(&self, task: &ClaimedTask) -> bool {
        task.activity.affinity.as_ref().is_none_or(|affinity| {
            self.room.admits(&(task.namespace.clone(), affinity.key.clone()), affinity.is_exclusive)
        })
    }

    fn start_task(&mut self, task: ClaimedTask, lapses: u64) {
        if task.rescues > limits::RESCUES_MAX {
            return self.tell_end((task.task, task.fence), Err(poisoned(task.rescues)), None);
        }
        let me = Suspect::Task(task.task);
        let has_others = self.has_others_coming();
        if task.rescues >= ALONE_FROM && !self.alone.admits(me, has_others) {
            return self.hand_back((task.task, task.fence), ALONE_WAITS, false);
        }
        match self.registry.activity(&task.activity.name) {
            Some(code) => self.run_task(task, code, lapses),
            None => {
                self.alone.are_over(|suspect| suspect == me);
                let delay = self.lacks(task.task);
                self.hand_back((task.task, task.fence), delay, true);
            }
        }
    }

    /// How long a task is to be hidden whose code is missing: longer each time.
    fn lacks(&mut self, task: TaskId) -> Duration {
        if self.lacking.len() >= LACKING_MAX {
            self.lacking.clear();
        }
        let times = self.lacking.entry(task).or_default();
        let (first, longest) = LACKING;
        let delay = first.saturating_mul(1 << (*times).min(16)).min(longest);
        *times = times.saturating_add(1);
        delay
    }

    fn run_task(&mut self, claimed: ClaimedTask, code: KnownActivity, lapses: u64) {
        let ClaimedTask { task, fence, activity, .. } = claimed;
        let (now, cancelled) = (self.now, CancellationToken::new());
        let place = activity.affinity.as_ref();
        let place = place.map(|affinity| ((claimed.namespace, affinity.key.clone()), affinity.is_exclusive));
        let attempt = Attempt {
            session: claimed.session,
            execution: claimed.execution,
            op: activity.op,
            name: activity.name.clone(),
            number: claimed.attempt,
            fence: claimed.session_fence,
            cancelled: cancelled.clone(),
            details: claimed.details.clone(),
            pin: claimed.pin,
            trace: activity.trace,
            whose: Whose::Task { task, fence },
            inputs: self.sender.clone(),
        };
        let heartbeat_timeout = activity.heartbeat_timeout;
        if let Some(limit) = heartbeat_timeout {
            self.due.push(Reverse((now.after(limit), Due::TaskSilence(task, fence))));
        }
        let vitals = Vitals::new(cancelled, now);
        let taken = Taken { fence, vitals, is_withdrawn: false, details: claimed.details, heartbeat_timeout };
        if let Some(before) = self.taken.insert(task, taken) {
            before.vitals.cancelled.cancel();
        }
        let in_use = place.map(|(place, is_exclusive)| self.room.claimed.enter(place, is_exclusive));
        let (pulse, grace) = (Arc::clone(&self.pulse), self.options.cancel_grace);
        let run = Run { attempt, activity, code, grace, in_use, pulse, lapses };
        self.room.running += 1;
        self.launch(run);
    }

    /// An attempt of a task is over.
    pub(super) fn tried_task(&mut self, (task, fence): (TaskId, Fence), result: Result<Payload, Failure>) {
        if self.taken.get(&task).is_none_or(|taken| taken.fence != fence) {
            return;
        }
        self.alone.are_over(|suspect| suspect == Suspect::Task(task));
        if let Some(taken) = self.taken.remove(&task).filter(|taken| !taken.is_withdrawn) {
            // Nobody follows one that ended well.
            let details = taken.details.filter(|_| result.is_err());
            self.tell_end((task, fence), result, details);
        }
    }

    /// An attempt of a task did not begin: whoever has it now does that.
    pub(super) fn unbegun_task(&mut self, (task, fence): (TaskId, Fence)) {
        if self.taken.get(&task).is_none_or(|taken| taken.fence != fence) {
            return;
        }
        self.alone.are_over(|suspect| suspect == Suspect::Task(task));
        if self.taken.remove(&task).is_some_and(|taken| !taken.is_withdrawn) {
            self.hand_back((task, fence), Duration::ZERO, false);
            self.wants_tasks = true;
        }
    }

    /// Tells how an attempt ended, for as long as it takes. If it is somebody else's by now, nobody wants to know.
    fn tell_end(
        &mut self,
        (task, fence): (TaskId, Fence),
        result: Result<Payload, Failure>,
        details: Option<Payload>,
    ) {
        self.telling = self.telling.saturating_add(1);
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        let end = TaskEnd { worker: self.worker, task, fence, result, details, regrants: true };
        self.work.push(Box::pin(async move {
            drop(persist(clock, || store.end_task(end.clone())).await);
            Done::Told
        }));
    }

    fn hand_back(&self, (task, fence): (TaskId, Fence), delay: Duration, lacks_code: bool) {
        let (store, clock) = (Arc::clone(self.engine.store()), Arc::clone(&self.clock));
        let worker = self.worker;
        let back = HandBack { worker, task, fence, delay, counts: false, lacks_code };
        self.work.push(Box::pin(async move {
            // Nobody else would get it as long as this worker lives.
            drop(persist(clock, || store.hand_back(back.clone())).await);
            Done::Freed
        }));
    }

    pub(super) fn hand_back_unstarted(&mut self) {
        while let Some((_, task)) = self.unstarted.pop_front() {
            self.hand_back((task.task, task.fence), Duration::ZERO, false);
        }
    }

    /// Everything that this worker took is somebody else's.
    pub(super) fn abandon_tasks(&mut self) {
        self.unstarted.clear();
        self.alone.are_over(|suspect| matches!(suspect, Suspect::Task(_)));
        for (_, taken) in self.taken.drain() {
            taken.vitals.cancelled.cancel();
        }
    }

    pub(super) fn has_no_tasks(&self) -> bool {
        self.taken.is_empty() && self.unstarted.is_empty() && self.telling == 0 && !self.is_claiming_tasks
    }

    /// Takes in what the worker itself is told.
    pub(super) fn notice(&mut self, notices: Vec<(NoticeId, Notice)>) {
        for (id, notice) in notices {
            if id <= self.pulse.noticed() {
                continue;
            }
            self.pulse.took_in(id);
            match notice {
                Notice::PinLost { namespace, key, fence } => {
                    self.tell(WorkerNews::KeyLost { namespace, key, fence });
                }
                Notice::Withdrawn { task, fence } => self.withdraw(task, fence),
            }
        }
    }

    /// Nobody waits for an attempt any more: it is told so, and may go on for a while to tidy up.
    fn withdraw(&mut self, task: TaskId, fence: Fence) {
        self.unstarted.retain(|(_, unstarted)| unstarted.task != task || unstarted.fence != fence);
        if let Some(taken) = self.taken.get_mut(&task).filter(|taken| taken.fence == fence) {
            taken.is_withdrawn = true;
            taken.vitals.cancelled.cancel();
        }
    }

    /// Says of every task here that it goes on.
    pub(super) fn renew_tasks(&mut self) {
        let renewals = self.taken.iter().map(|(task, taken)| TaskRenewal {
            task: *task,
            fence: taken.fence,
            details: None,
        });
        self.renew(renewals.collect());
    }

    fn renew(&self, renewals: Vec<TaskRenewal>) {
        if renewals.is_empty() {
            return;
        }
        let (store, worker) = (Arc::clone(self.engine.store()), self.worker);
        self.work.push(Box::pin(async move {
            let outcomes = store.renew_tasks(worker, renewals.clone()).await;
            Done::Said(renewals, outcomes)
        }));
    }

    pub(super) fn said(&mut self, renewals: &[TaskRenewal], outcomes: Result<Vec<TaskOutcome>, StoreError>) {
        for (renewal, outcome) in renewals.iter().zip(outcomes.unwrap_or_default()) {
            match outcome {
                TaskOutcome::Gone => self.withdraw(renewal.task, renewal.fence),
                // It may still be granted again when it ends.
                TaskOutcome::Done | TaskOutcome::Expired => {}
            }
        }
    }

    /// An attempt of a task is there.
    pub(super) fn heard_task(&mut self, (task, fence): (TaskId, Fence), details: Option<Payload>) {
        let taken = self.taken.get_mut(&task).filter(|taken| taken.fence == fence);
        let Some(taken) = taken else { return };
        taken.details = details.clone().or_else(|| taken.details.take());
        let records_at = taken.vitals.hear(details, self.now);
        self.due.extend(records_at.map(|at| Reverse((at, Due::TaskRecord(task, fence)))));
    }

    /// Keeps what an attempt of a task said, so that the next one can read it.
    pub(super) fn record_task(&mut self, task: TaskId, fence: Fence) {
        let taken = self.taken.get_mut(&task).filter(|taken| taken.fence == fence);
        let now = self.now;
        if let Some(details) = taken.and_then(|taken| taken.vitals.record(now)) {
            self.renew(vec![TaskRenewal { task, fence, details: Some(details) }]);
        }
    }

    /// An attempt of a task that was silent for too long is over.
    pub(super) fn silent_task(&mut self, task: TaskId, fence: Fence) {
        let taken = self.taken.get(&task).filter(|taken| taken.fence == fence && !taken.is_withdrawn);
        let Some((taken, limit)) = taken.and_then(|taken| Some((taken, taken.heartbeat_timeout?))) else {
            return;
        };
        let silent_until = taken.vitals.silent_until(limit);
        if silent_until > self.now {
            self.due.push(Reverse((silent_until, Due::TaskSilence(task, fence))));
            return;
        }
        taken.vitals.cancelled.cancel();
        // Its slot is free when it has stopped; what it says then is not heard.
        self.tried_task((task, fence), Err(unheard(limit)));
    }
}

/// Asks a store that is busy or blocked again, for as long as it takes. Another error is the end of it.
pub(super) async fn persist<T, F>(clock: Arc<dyn Steady>, mut ask: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut wait = Duration::ZERO;
    loop {
        match ask().await {
            Err(error) if error.is_passing() => wait = next_wait(wait),
            answer => return answer,
        }
        clock.sleep(wait).await;
    }
}
