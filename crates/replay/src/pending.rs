//! What an execution waits for, as its history says.

use std::collections::BTreeMap;
use std::sync::Arc;

use tenure_core::id::{ActorId, Operation, SessionId};
use tenure_core::orchestration::{Activity, Failure, HistoryEvent, Payload};
use tenure_core::time::WallTime;

/// What an execution waits for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// Activities that are to be run or are under way.
    pub activities: BTreeMap<Operation, PendingActivity>,
    /// Timers, and when they fire.
    pub timers: BTreeMap<Operation, WallTime>,
    /// Children.
    pub children: BTreeMap<Operation, SessionId>,
    /// Somebody's wish that the instance ends.
    pub cancel: Option<Wish>,
    at: Option<WallTime>,
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
            HistoryEvent::TurnStarted { at } => self.at = Some(*at),
            HistoryEvent::ExecutionRescued => {
                self.activities.values_mut().filter(|pending| pending.may_be_under_way()).for_each(
                    |pending| {
                        pending.attempt = pending.attempt.saturating_add(1);
                        pending.rescues = pending.rescues.saturating_add(1);
                        pending.is_started = false;
                    },
                );
            }
            HistoryEvent::TaskStarted { op, .. } => {
                if let Some(pending) = self.activities.get_mut(op) {
                    (pending.is_started, pending.due_at) = (true, None);
                }
            }
            HistoryEvent::TaskScheduled(activity) => {
                let activity = Arc::clone(activity);
                let pending = PendingActivity {
                    activity,
                    attempt: 1,
                    rescues: 0,
                    is_started: false,
                    due_at: None,
                    failure: None,
                    details: None,
                };
                self.activities.insert(pending.activity.op, pending);
            }
            HistoryEvent::TaskRetried { op, attempt, failure, due_at } => {
                if let Some(pending) = self.activities.get_mut(op) {
                    pending.rescues = pending.rescues_at(*attempt);
                    pending.attempt = attempt.saturating_add(1);
                    (pending.is_started, pending.due_at) = (false, Some(*due_at));
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
            | HistoryEvent::TaskCancelled { op } => drop(self.activities.remove(op)),
            HistoryEvent::TimerCreated { op, fire_at } => drop(self.timers.insert(*op, *fire_at)),
            HistoryEvent::TimerFired { op } | HistoryEvent::TimerCancelled { op } => {
                self.timers.remove(op);
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
        let attempts = self.activities.values().filter_map(|pending| pending.due_at);
        self.timers.values().copied().chain(attempts).min()
    }
}
