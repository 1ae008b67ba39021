//! The model gives tasks to workers: who may have what, in which order.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenure_core::id::{Fence, Operation};
use tenure_core::lease::Term;
use tenure_core::orchestration::{Activity, HistoryEvent};
use tenure_core::time::{Moment, WallTime};
use tenure_core::worker::{has_waited_for_share, is_above_share};
use tenure_store::{
    ClaimedTask, GivenTasks, Handle, Notice, Placed, TaskClaim, TaskId, TaskRequest, TurnRequest,
    WorkerHandle,
};

use super::pin::{Belongs, Keyed};
use super::tables::{Tables, wall_or_epoch};
use super::task::{Run, Task};

impl Tables {
    pub(super) fn claim_tasks(&mut self, claim: &TaskClaim, now: &Moment) -> GivenTasks {
        let mut given = GivenTasks::default();
        if !self.workers.gets_new(claim.worker, now) {
            return given;
        }
        let free = TaskClaim { busy: Vec::new(), ..claim.clone() };
        let ids: Vec<_> = self.tasks.all.keys().copied().collect();
        for id in ids {
            if given.tasks.len() == claim.limit {
                break;
            }
            if self.may_claim(claim, id, now) {
                given.tasks.push(self.give_task(claim, id, now));
            } else {
                given.is_held_back |= self.may_claim(&free, id, now);
            }
        }
        given
    }

    fn may_claim(&self, claim: &TaskClaim, id: TaskId, now: &Moment) -> bool {
        let (task, worker) = (&self.tasks.all[&id], claim.worker);
        let is_hidden = task.hidden_until.is_some_and(|until| until > wall_or_epoch(now));
        if is_hidden || self.is_under_way(task, now) || !self.runs_it(worker, task, now) {
            return false;
        }
        let Some(key) = task.keyed() else { return true };
        self.may_be_busy_with(claim, &key)
            && !self.is_behind_another(claim, id, &key, now)
            && self.may_have_key(claim, task, &key, now)
    }

    /// Whether a task is for a worker: of those that lack its code only where no other worker is there.
    fn runs_it(&self, worker: WorkerHandle, task: &Task, now: &Moment) -> bool {
        let is_for = |one: WorkerHandle| self.can_run(one, task);
        let lacks = task.lacks.contains(&worker);
        let serves = self.workers.serving(worker).is_some_and(|serving| {
            serving.serves(&task.namespace, task.queue.as_ref())
                && (task.affinity.is_none() || serving.busy_max > 0)
        });
        let is_another_there = || self.workers.all_at_work(now).into_iter().any(is_for);
        serves && !(lacks && is_another_there())
    }

    /// Whether the key is busy at the worker already, or one more may be.
    fn may_be_busy_with(&self, claim: &TaskClaim, key: &Keyed) -> bool {
        let mut busy: BTreeSet<Keyed> = self.tasks.run_by(claim.worker).filter_map(Task::keyed).collect();
        busy.extend(claim.busy.iter().cloned());
        let max = self.workers.serving(claim.worker).map_or(0, |serving| serving.busy_max);
        busy.contains(key) || busy.len() < max
    }

    /// Whether a task has to wait for another one of its key.
    fn is_behind_another(&self, claim: &TaskClaim, id: TaskId, key: &Keyed, now: &Moment) -> bool {
        let runs_one_at_a_time =
            self.workers.serving(claim.worker).is_some_and(|serving| serving.is_exclusive)
                || is_exclusive(&self.tasks.all[&id]);
        let mut others = self.tasks.all.iter().filter(|(other, task)| {
            **other != id && task.keyed().as_ref() == Some(key) && (runs_one_at_a_time || is_exclusive(task))
        });
        let is_busy_without_a_row = runs_one_at_a_time && claim.busy.contains(key);
        is_busy_without_a_row || others.any(|(other, task)| *other < id || self.is_under_way(task, now))
    }

    /// Whether a worker has a key, or may have it.
    fn may_have_key(&self, claim: &TaskClaim, task: &Task, key: &Keyed, now: &Moment) -> bool {
        match self.belongs(claim.worker, key, now) {
            Belongs::Own => true,
            Belongs::Other(holder) if !self.leaves(holder, task, key, now) => false,
            Belongs::Other(_) | Belongs::Free => {
                let has_waited = has_waited_for_share(now.boot.since(task.waits_since));
                let is_its_share = has_waited || !self.is_above_share(claim.worker, task, now);
                let has_room = || {
                    self.has_room_for_key(claim.worker)
                        || self.idle_longest(claim.worker, &claim.busy, now).is_some()
                };
                is_its_share && has_room()
            }
        }
    }

    /// Whether a live holder leaves a key to others, for the sake of a task that it cannot run.
    fn leaves(&self, holder: WorkerHandle, task: &Task, key: &Keyed, now: &Moment) -> bool {
        let is_at_rest = !self.tasks.of_key(key).any(|other| self.is_under_way(other, now));
        let runs_one_at_a_time =
            is_exclusive(task) || self.workers.serving(holder).is_some_and(|serving| serving.is_exclusive);
        // A holder that handed it back runs nothing of an exclusive key. Of another one nobody knows that.
        let is_safe = task.lacks.contains(&holder) || !runs_one_at_a_time;
        !self.can_run(holder, task) && is_at_rest && is_safe
    }

    fn has_room_for_key(&self, worker: WorkerHandle) -> bool {
        let max = self.workers.serving(worker).map_or(0, |serving| serving.held_max);
        self.held_by(worker) < max as u64
    }

    /// Whether a worker leaves a task's new key to others.
    fn is_above_share(&self, worker: WorkerHandle, task: &Task, now: &Moment) -> bool {
        let serves = |one: &WorkerHandle| {
            let serving = self.workers.serving(*one);
            serving.is_some_and(|serving| {
                serving.busy_max > 0 && serving.serves(&task.namespace, task.queue.as_ref())
            })
        };
        let mut live: Vec<_> = self.workers.all_at_work(now).into_iter().filter(serves).collect();
        // Whoever asks is at work.
        if !live.contains(&worker) {
            live.push(worker);
        }
        let held = self.live_held_by(worker, now);
        let all = live.iter().map(|one| self.live_held_by(*one, now)).sum();
        is_above_share(held, all, live.len() as u64)
    }

    fn give_task(&mut self, claim: &TaskClaim, id: TaskId, now: &Moment) -> ClaimedTask {
        let pin = self.tasks.all[&id].keyed().map(|key| {
            let is_new = self.belongs(claim.worker, &key, now) != Belongs::Own;
            if is_new && !self.has_room_for_key(claim.worker) {
                let given_up = self.idle_longest(claim.worker, &claim.busy, now).expect("there is one");
                self.lose(&given_up);
            }
            self.hold(claim.worker, &key, now)
        });
        let lost = self.tasks.all[&id].run.map(|run| (run.worker, self.tasks.all[&id].fence));
        if let Some((worker, fence)) = lost.filter(|(worker, _)| *worker != claim.worker) {
            self.tell(worker, Notice::Withdrawn { task: id, fence });
        }
        let task = self.tasks.all.get_mut(&id).expect("it was just there");
        if lost.is_some() {
            task.lose_attempt();
        }
        task.fence = task.fence.next();
        task.hidden_until = None;
        let renewed_wall = wall_or_epoch(now);
        let term = claim.ttl.map(|ttl| Term::Boot { ttl, renewed: now.boot, renewed_wall });
        task.run = Some(Run { worker: claim.worker, term });
        self.claimed_task(id, pin)
    }

    fn claimed_task(&self, id: TaskId, pin: Option<tenure_store::PinGrant>) -> ClaimedTask {
        let task = &self.tasks.all[&id];
        ClaimedTask {
            task: id,
            fence: task.fence,
            attempt: task.attempt,
            rescues: task.rescues,
            instance: task.instance,
            namespace: task.namespace.clone(),
            session: self.sessions[&task.instance].session.id.clone(),
            session_fence: self.instances.open[&task.instance].fence,
            execution: task.execution,
            activity: Arc::clone(&task.activity),
            details: task.details.clone(),
            pin,
        }
    }

    /// The activity that a turn asks for, from the turn or from what its execution asked for before.
    pub(super) fn asked_for(
        &self,
        (handle, op): (Option<Handle>, Operation),
        turn: &[HistoryEvent],
    ) -> Option<Arc<Activity>> {
        let before = handle.map(|handle| self.instances.newest_history(handle)).unwrap_or_default();
        let is_new = |event: &HistoryEvent| matches!(event, HistoryEvent::ContinuedAsNew { .. });
        let of_this = turn.iter().rev().take_while(|event| !is_new(event));
        let of_before = before.into_iter().filter(|_| !turn.iter().any(is_new));
        of_this.chain(of_before).find_map(|event| match event {
            HistoryEvent::TaskScheduled(activity) if activity.op == op => Some(Arc::clone(activity)),
            _ => None,
        })
    }

    /// Where the activities go that a turn asks for.
    pub(super) fn place_all(&mut self, handle: Handle, request: &TurnRequest, now: &Moment) -> Vec<Placed> {
        let places = request.tasks.iter().map(|task| self.place(handle, request.worker, task, now));
        places.collect()
    }

    fn place(
        &mut self,
        instance: Handle,
        worker: Option<WorkerHandle>,
        asked: &TaskRequest,
        now: &Moment,
    ) -> Placed {
        let activity = self.asked_for((Some(instance), asked.op), &[]).expect("it was looked for before");
        let task = Task {
            instance,
            namespace: self.sessions[&instance].session.namespace.clone(),
            execution: self.instances.open[&instance].execution,
            activity,
            queue: asked.queue.clone(),
            affinity: asked.affinity.clone(),
            attempt: asked.attempt,
            rescues: 0,
            fence: Fence(0),
            hidden_until: None::<WallTime>,
            waits_since: now.boot,
            lacks: BTreeSet::new(),
            details: asked.details.clone(),
            run: None,
        };
        let here = worker.filter(|worker| asked.is_wanted && self.runs_at_once(*worker, &task, now));
        if let Some((worker, key)) = here.zip(task.keyed()) {
            return Placed::Here(self.hold(worker, &key, now));
        }
        self.tasks.last += 1;
        let id = TaskId(self.tasks.last);
        self.tasks.all.insert(id, task);
        self.call_workers();
        Placed::Left(id)
    }

    /// Whether an instance's worker may run an activity at once: it has the key or gets it, and nothing waits for it.
    fn runs_at_once(&self, worker: WorkerHandle, task: &Task, now: &Moment) -> bool {
        let Some(key) = task.keyed() else { return false };
        let runs_one_at_a_time =
            is_exclusive(task) || self.workers.serving(worker).is_some_and(|serving| serving.is_exclusive);
        let mut others = self.tasks.of_key(&key);
        let is_behind =
            others.any(|other| !self.is_under_way(other, now) || runs_one_at_a_time || is_exclusive(other));
        let may_have = match self.belongs(worker, &key, now) {
            Belongs::Own => true,
            Belongs::Other(_) => false,
            // What runs here without a row is not known here, so nothing is given up for a new key.
            Belongs::Free => {
                self.workers.gets_new(worker, now)
                    && self.has_room_for_key(worker)
                    && !self.is_above_share(worker, task, now)
            }
        };
        may_have && !is_behind && self.can_run(worker, task) && self.workers.is_live(worker, now)
    }
}

fn is_exclusive(task: &Task) -> bool {
    task.affinity.as_ref().is_some_and(|affinity| affinity.is_exclusive)
}
