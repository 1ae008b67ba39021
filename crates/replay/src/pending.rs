//! What an execution waits for, as its history says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tenure_core::id::{ActorId, Operation, SessionId};
use tenure_core::orchestration::{Activity, Failure, HistoryEvent, Payload};
use tenure_core::time::WallTime;

/// What an execution waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// Activities that are to be run or are under way.
    activities: BTreeMap<Operation, PendingActivity>,
    /// Timers, and when they fire.
    timers: BTreeMap<Operation, WallTime>,
    /// Children.
    pub children: BTreeMap<Operation, SessionId>,
    /// Somebody's wish that the instance ends.
    pub cancel: Option<Wish>,
    at: Option<WallTime>,
    /// Whether the code is about to be run, and several workers did not survive that.
    is_attempted: bool,
    /// When timers fire and attempts that wait may begin. It is asked at every turn, however many there are.
    due: BTreeSet<(WallTime, Operation)>,
    /// How many of those are attempts.
    postponed: usize,
}

/// Somebody's wish that an instance ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Since when the code knows.
    pub at: WallTime,
    /// Why.
    pub reason: String,
    /// Whose it is.
    pub by: Option<ActorId>,
}

/// An activity that is to be run or is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingActivity {
    /// What is to be run.
    pub activity: Arc<Activity>,
    /// Which attempt is the next one or under way, from 1.
    pub attempt: u32,
    /// How many attempts whoever ran them did not survive.
    pub rescues: u32,
    /// How many of those were about to run the orchestration's code.
    excused: u32,
    /// Whether it is recorded that this attempt began. That of a first one is not.
    pub is_started: bool,
    /// When that attempt may begin, if it has to wait.
    pub due_at: Option<WallTime>,
    /// Why the attempt before failed.
    pub failure: Option<Failure>,
    /// What an attempt last said of how far it is.
    pub details: Option<Payload>,
}

impl PendingActivity {
    /// How many attempts before that one whoever ran them did not survive. Attempts that were run elsewhere are known by
    /// their number alone: what lies between was lost; and what was taken to be lost here goes on there.
    #[must_use]
    pub const fn rescues_at(&self, attempt: u32) -> u32 {
        self.rescues.saturating_add(attempt).saturating_sub(self.attempt)
    }

    /// How many workers may not have survived it.
    #[must_use]
    pub const fn suspicion(&self) -> u32 {
        self.rescues.saturating_sub(self.excused)
    }

    /// Whether whoever runs it may be running it now. A first attempt may; that a later one began is recorded.
    #[must_use]
    pub const fn may_be_under_way(&self) -> bool {
        self.is_started || self.attempt == 1
    }
}

impl Pending {
    /// What an execution with this history waits for.
    #[must_use]
    pub fn of(history: &[Vec<HistoryEvent>]) -> Self {
        let mut pending = Self::default();
        history.iter().flatten().for_each(|event| pending.apply(event));
        pending
    }

    /// Takes in what the history says next.
    pub fn apply(&mut self, event: &HistoryEvent) {
        match event {
            HistoryEvent::TurnStarted { at } => (self.at, self.is_attempted) = (Some(*at), false),
            HistoryEvent::TurnAttempted => self.is_attempted = true,
            HistoryEvent::ExecutionRescued => {
                let excused = u32::from(std::mem::take(&mut self.is_attempted));
                self.activities.values_mut().filter(|pending| pending.may_be_under_way()).for_each(
                    |pending| {
                        pending.attempt = pending.attempt.saturating_add(1);
                        pending.rescues = pending.rescues.saturating_add(1);
                        pending.excused = pending.excused.saturating_add(excused);
                        pending.is_started = false;
                    },
                );
            }
            HistoryEvent::TaskStarted { op, .. } => {
                // None begins between the record of an attempt and its turn.
                self.is_attempted = false;
                self.postpone(*op, None);
                if let Some(pending) = self.activities.get_mut(op) {
                    pending.is_started = true;
                }
            }
            HistoryEvent::TaskScheduled(activity) => {
                let activity = Arc::clone(activity);
                let pending = PendingActivity {
                    activity,
                    attempt: 1,
                    rescues: 0,
                    excused: 0,
                    is_started: false,
                    due_at: None,
                    failure: None,
                    details: None,
                };
                self.activities.insert(pending.activity.op, pending);
            }
            HistoryEvent::TaskRetried { op, attempt, failure, due_at } => {
                self.postpone(*op, Some(*due_at));
                if let Some(pending) = self.activities.get_mut(op) {
                    pending.rescues = pending.rescues_at(*attempt);
                    pending.excused = pending.excused.min(pending.rescues);
                    pending.attempt = attempt.saturating_add(1);
                    pending.is_started = false;
                    pending.failure = Some(failure.clone());
                }
            }
            HistoryEvent::TaskHeartbeat { op, details } => {
                if let Some(pending) = self.activities.get_mut(op) {
                    pending.details = Some(details.clone());
                }
            }
            HistoryEvent::TaskCompleted { op, .. }
            | HistoryEvent::TaskFailed { op, .. }
            | HistoryEvent::TaskCancelled { op } => {
                self.postpone(*op, None);
                self.activities.remove(op);
            }
            HistoryEvent::TimerCreated { op, fire_at } => {
                self.timers.insert(*op, *fire_at);
                self.due.insert((*fire_at, *op));
            }
            HistoryEvent::TimerFired { op } | HistoryEvent::TimerCancelled { op } => {
                if let Some(at) = self.timers.remove(op) {
                    self.due.remove(&(at, *op));
                }
            }
            HistoryEvent::SubOrchestrationCreated { op, child } => {
                self.children.insert(*op, child.id.clone());
            }
            HistoryEvent::SubOrchestrationCompleted { op, .. }
            | HistoryEvent::SubOrchestrationFailed { op, .. }
            | HistoryEvent::SubOrchestrationCancelled { op, .. } => drop(self.children.remove(op)),
            HistoryEvent::CancelRequested { reason, by } => {
                if let (None, Some(at)) = (&self.cancel, self.at) {
                    self.cancel = Some(Wish { at, reason: reason.clone(), by: by.clone() });
                }
            }
            HistoryEvent::ContinuedAsNew { .. }
            | HistoryEvent::ExecutionCompleted { .. }
            | HistoryEvent::ExecutionFailed { .. }
            | HistoryEvent::ExecutionTerminated { .. }
            | HistoryEvent::ExecutionStarted(_) => *self = Self::default(),
            HistoryEvent::EventRaised(_)
            | HistoryEvent::EventSent { .. }
            | HistoryEvent::OrchestrationStarted(_)
            | HistoryEvent::StatusSet { .. } => {}
        }
    }

    /// When something of it has to be done next by itself: a timer, or an attempt that waits.
    #[must_use]
    pub fn next_due(&self) -> Option<WallTime> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Activities that are to be run or are under way.
    #[must_use]
    pub const fn activities(&self) -> &BTreeMap<Operation, PendingActivity> {
        &self.activities
    }

    /// Timers, and when they fire.
    #[must_use]
    pub const fn timers(&self) -> &BTreeMap<Operation, WallTime> {
        &self.timers
    }

    /// How many activities are under way, or could be.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.activities.len().saturating_sub(self.postponed)
    }

    /// An activity whose next attempt may begin now, and does not wait any more.
    pub fn begin(&mut self, op: Operation, now: WallTime) -> Option<&PendingActivity> {
        let due_at = self.activities.get(&op)?.due_at;
        if due_at.is_some_and(|at| at > now) {
            return None;
        }
        self.postpone(op, None);
        self.activities.get(&op)
    }

    /// Lets the next attempt of an activity wait until then, or not any more.
    fn postpone(&mut self, op: Operation, due_at: Option<WallTime>) {
        let Some(pending) = self.activities.get_mut(&op) else { return };
        if let Some(before) = std::mem::replace(&mut pending.due_at, due_at) {
            self.due.remove(&(before, op));
            self.postponed -= 1;
        }
        if let Some(at) = due_at {
            self.due.insert((at, op));
            self.postponed += 1;
        }
    }
}
