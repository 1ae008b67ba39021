//! Steps: what is committed of an instance at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{ActorId, Operation, Revision, SessionId};
use tenure_core::orchestration::{
    Cause, Child, End, Failure, HistoryEvent, Mail, Opening, ParentLink, Payload, Start, Version, open,
};
use tenure_core::session::Write;
use tenure_core::time::WallTime;
use tenure_replay::{Ending, Problem, Turn};
use tenure_store::{
    Ground, StartRequest, Store, StoreError, TaskId, TaskRequest, TurnOutcome, TurnRequest, Wake,
    WorkerHandle,
};

use super::live::{Intent, Live, next_start, write};
use super::order::{Begun, Ended, Key};
use super::registry::Registry;
use super::room::Room;
use crate::{Ids, Steady};

/// What is committed of an instance at once.
pub(super) struct Step {
    pub(super) key: Key,
    pub(super) request: Arc<TurnRequest>,
    /// What the session's write was made from.
    pub(super) intents: Vec<Intent>,
    pub(super) at: WallTime,
    /// The operation that waits for each of those that it starts; `None`: nobody does.
    pub(super) starters: Vec<Option<Operation>>,
    /// How the instance goes on or ends, if it does not just wait.
    pub(super) next: Next,
}

/// How an instance is after a step.
pub(super) enum Next {
    /// It waits for what it asked for.
    Waits,
    /// It begins anew.
    Anew(Box<Start>),
    /// It has ended.
    Over(Ended),
}

/// What steps are made with.
pub(super) struct Maker<'a> {
    pub(super) worker: WorkerHandle,
    pub(super) registry: &'a Registry,
    pub(super) ids: &'a Arc<dyn Ids>,
    pub(super) now: WallTime,
    pub(super) room: &'a mut Room,
    /// How many activities wait for slots.
    pub(super) queued: usize,
}

impl Maker<'_> {
    /// The next step of an instance for which there is something to do.
    pub(super) fn step(&mut self, key: Key, live: &mut Live) -> Result<Step, Problem> {
        let is_wish = |told: &HistoryEvent| matches!(told, HistoryEvent::CancelRequested { .. });
        if live.is_new && live.handle.is_some() && live.told.iter().any(is_wish) {
            // It has not begun, so there is nothing to tidy up.
            return Ok(self.terminate(key, live));
        }
        if !live.runs() {
            return Ok(self.record(key, live));
        }
        let (mut history, mut intents) = beside(live);
        let told = std::mem::take(&mut live.told);
        let Turn { events, asked_from, ending } = live.code.turn(self.now, told)?;
        let opening = if live.is_new { Self::begin(live, &mut history, &mut intents) } else { None };
        let mut statuses = events.iter().skip(asked_from).filter_map(|event| match event {
            HistoryEvent::StatusSet { status } => Some(status.clone()),
            _ => None,
        });
        intents.extend(statuses.next_back().map(Intent::Status));
        history.extend(events);
        let next = match ending {
            None => Next::Waits,
            Some(Ending::ContinuedAsNew { input, version }) => {
                self.anew(live, (input, version), &mut history, &mut intents)
            }
            Some(Ending::Completed(output)) => {
                intents.push(Intent::End(End::Completed));
                Next::Over(Ended::Completed(output))
            }
            Some(Ending::Failed(failure)) => failed(live, failure, &history, &mut intents),
        };
        live.is_new = false;
        Ok(self.finish(key, live, Draft { opening, history, intents, next }))
    }

    /// Records what happened beside the code, which is told nothing.
    pub(super) fn record(&mut self, key: Key, live: &mut Live) -> Step {
        let (history, intents) = beside(live);
        // The code was not told of them.
        let taken = std::mem::take(&mut live.taken);
        let step = self.finish(key, live, Draft { opening: None, history, intents, next: Next::Waits });
        live.taken = taken;
        step
    }

    /// Ends an instance whatever its code does.
    pub(super) fn terminate(&mut self, key: Key, live: &mut Live) -> Step {
        let (reason, by) = wish(live, &live.told).unwrap_or(("cancelled", None));
        let (reason, by) = (reason.to_owned(), by.cloned());
        let last = HistoryEvent::ExecutionTerminated { reason: reason.clone() };
        let end = End::Cancelled { reason: reason.clone(), by };
        self.end(key, live, (last, vec![Intent::End(end)], Ended::Cancelled(reason)))
    }

    /// Ends an instance whose code cannot be run: somebody's wish, if there is one, is what it ends with.
    pub(super) fn give_up(&mut self, key: Key, live: &mut Live, failure: Failure) -> Step {
        if wish(live, &live.told).is_some() {
            return self.terminate(key, live);
        }
        let last = HistoryEvent::ExecutionFailed { failure: failure.clone() };
        let end = Intent::End(End::Failed(failure.clone()));
        let intents = first_run(live).into_iter().chain([end]).collect();
        self.end(key, live, (last, intents, Ended::Failed(failure)))
    }

    fn end(
        &mut self,
        key: Key,
        live: &mut Live,
        (last, intents, ended): (HistoryEvent, Vec<Intent>, Ended),
    ) -> Step {
        let told = std::mem::take(&mut live.told);
        let mut history = std::mem::take(&mut live.asides);
        let is_over = |op: &Operation| told.iter().any(|event| is_end_of_child(event, *op));
        let given_up = live.pending.children.iter().filter(|(op, _)| !is_over(op));
        history.extend(
            given_up.map(|(op, id)| HistoryEvent::SubOrchestrationCancelled { op: *op, id: id.clone() }),
        );
        history.push(last);
        live.is_new = false;
        self.finish(key, live, Draft { opening: None, history, intents, next: Next::Over(ended) })
    }

    /// What is said of an instance whose first turn is run.
    fn begin(live: &mut Live, history: &mut Vec<HistoryEvent>, intents: &mut Vec<Intent>) -> Option<Write> {
        let Some(opening) = live.opening.take() else {
            intents.splice(..0, first_run(live));
            return None;
        };
        let (write, start) = *opening;
        history.insert(0, HistoryEvent::ExecutionStarted(Box::new(start)));
        Some(write)
    }

    fn anew(
        &self,
        live: &Live,
        (input, version): (Payload, Option<Version>),
        history: &mut Vec<HistoryEvent>,
        intents: &mut Vec<Intent>,
    ) -> Next {
        let version = version.unwrap_or_else(|| live.code.version());
        let start = Box::new(next_start(live, input, version, self.ids.seed()));
        history.push(HistoryEvent::ExecutionStarted(start.clone()));
        intents.push(Intent::Anew(version));
        Next::Anew(start)
    }

    fn finish(&mut self, key: Key, live: &mut Live, draft: Draft) -> Step {
        let Draft { opening, history, intents, next } = draft;
        history.iter().for_each(|event| live.pending.apply(event));
        let mut sends = sends(&history);
        sends.extend(told_to_parent(live, &next));
        let (starts, starters) = self.starts(live, &history);
        let tasks = self.tasks(key, live, (&history, &next));
        let withdrawn = withdrawn(live, &next);
        // While it is written, the session is with what is written.
        let (expected, write) = match (opening, live.session.take_if(|_| !intents.is_empty())) {
            (Some(opening), _) => (Revision(0), Some(write(opening, &intents, self.now))),
            (None, Some(session)) => {
                (session.counters.revision, Some(write(Write::of(session), &intents, self.now)))
            }
            (None, None) => (Revision(0), None),
        };
        let request = TurnRequest {
            commit_id: self.ids.commit_id(),
            ground: match live.handle {
                None => Ground::New,
                Some(handle) => Ground::Held { handle, fence: live.fence, turn: live.turn },
            },
            worker: Some(self.worker),
            session: write,
            expected,
            history,
            taken: std::mem::take(&mut live.taken),
            starts,
            sends,
            tasks,
            withdrawn,
            wake: match &next {
                Next::Waits => live.wake(),
                Next::Anew(_) | Next::Over(_) => Wake::Now,
            },
        };
        live.is_committing = true;
        Step { key, request: Arc::new(request), intents, at: self.now, starters, next }
    }

    /// The activities that a step asks a place for: they have a key, or cannot be run here at all.
    fn tasks(
        &mut self,
        key: Key,
        live: &mut Live,
        (history, next): (&[HistoryEvent], &Next),
    ) -> Vec<TaskRequest> {
        let asks = std::mem::take(&mut live.asks);
        if !matches!(next, Next::Waits) {
            return Vec::new();
        }
        let mut tasks = Vec::new();
        for event in history {
            let op = match event {
                HistoryEvent::TaskScheduled(activity)
                    if self.room.must_ask(self.registry, (&live.namespace, activity)) =>
                {
                    activity.op
                }
                HistoryEvent::TaskStarted { op, .. } if asks.contains(op) => *op,
                _ => continue,
            };
            // What was given up since is not asked for.
            let Some(pending) = live.pending.activities().get(&op) else { continue };
            let activity = &pending.activity;
            let wanted = (&live.namespace, activity.as_ref());
            let is_wanted = self.room.wants((key, op), wanted, self.registry, self.queued);
            tasks.push(TaskRequest {
                op,
                attempt: pending.attempt,
                queue: activity.queue.clone(),
                affinity: activity.affinity.clone(),
                is_wanted,
                details: pending.details.clone(),
            });
        }
        tasks
    }

    fn starts(&self, live: &Live, history: &[HistoryEvent]) -> (Vec<StartRequest>, Vec<Option<Operation>>) {
        let started = history.iter().filter_map(|event| match event {
            HistoryEvent::SubOrchestrationCreated { op, child } => Some((child, Some(*op))),
            HistoryEvent::OrchestrationStarted(child) => Some((child, None)),
            _ => None,
        });
        started.map(|(child, op)| (self.start_of(live, child, op), op)).unzip()
    }

    /// A child that is started, to be run by whoever claims it.
    fn start_of(&self, live: &Live, child: &Child, op: Option<Operation>) -> StartRequest {
        let parent = op.map(|op| ParentLink { id: live.id.clone(), execution: live.execution, op });
        let start = Begun {
            id: child.id.clone(),
            namespace: live.namespace.clone(),
            principal: live.principal.clone(),
            name: child.name.clone(),
            version: child.version,
            input: child.input.clone(),
            labels: BTreeMap::new(),
            parent,
            trace: live.code.trace(),
        };
        start.accepted(self.registry, self.ids.seed(), self.now)
    }
}

/// The version of what was started where nobody knows its code: whoever begins it chooses.
pub(super) const UNCHOSEN: Version = Version { major: 0, minor: 0, patch: 0 };

impl Begun {
    /// How its session is opened, and how its first execution begins.
    pub(super) fn opening(self, version: Version, seed: u64, at: WallTime) -> (Opening, Start) {
        let Self { id, namespace, principal, name, input, labels, parent, trace, .. } = self;
        let of = parent.as_ref().map(|parent| parent.id.clone());
        let opening =
            Opening { id, namespace, principal, name: name.clone(), version, labels, parent: of, at };
        let start = Start { name, version, execution: 1, input, seed, parent, carried: Vec::new(), trace };
        (opening, start)
    }

    /// What is stored of it where nobody runs it yet.
    pub(super) fn accepted(self, registry: &Registry, seed: u64, at: WallTime) -> StartRequest {
        let known = registry.orchestration(&self.name, self.version).map(|(version, _)| version);
        let version = self.version.or(known).unwrap_or(UNCHOSEN);
        let (opening, start) = self.opening(version, seed, at);
        let history = vec![HistoryEvent::ExecutionStarted(Box::new(start))];
        StartRequest { session: open(opening, false), history }
    }
}

/// The tasks of what is given up. With an execution that is over all of them go by themselves.
fn withdrawn(live: &mut Live, next: &Next) -> Vec<TaskId> {
    if live.out.is_empty() || !matches!(next, Next::Waits) {
        return Vec::new();
    }
    let activities = live.pending.activities();
    let given_up = live.out.extract_if(.., |op, _| !activities.contains_key(op));
    given_up.map(|(_, out)| out.task).collect()
}

struct Draft {
    opening: Option<Write>,
    history: Vec<HistoryEvent>,
    intents: Vec<Intent>,
    next: Next,
}

/// That its first turn is run, of one that was only accepted until now.
fn first_run(live: &Live) -> Option<Intent> {
    let is_unstarted = live.session.as_ref().is_some_and(|session| session.started_at.is_none());
    is_unstarted.then(|| Intent::Begin(live.code.version()))
}

/// What happened beside the code, and what the log says of it.
fn beside(live: &mut Live) -> (Vec<HistoryEvent>, Vec<Intent>) {
    let notes = std::mem::take(&mut live.notes).into_iter();
    (std::mem::take(&mut live.asides), notes.map(Intent::Note).collect())
}

/// The end of code that failed: a cancelled one that gave in was cancelled.
fn failed(live: &Live, failure: Failure, history: &[HistoryEvent], intents: &mut Vec<Intent>) -> Next {
    if let Some(HistoryEvent::ExecutionTerminated { reason }) = history.last() {
        let by = wish(live, history).and_then(|(_, by)| by.cloned());
        intents.push(Intent::End(End::Cancelled { reason: reason.clone(), by }));
        return Next::Over(Ended::Cancelled(reason.clone()));
    }
    intents.push(Intent::End(End::Failed(failure.clone())));
    Next::Over(Ended::Failed(failure))
}

/// Why an instance is to end, and who wishes it: the first who did, be it just now.
fn wish<'a>(live: &'a Live, told: &'a [HistoryEvent]) -> Option<(&'a str, Option<&'a ActorId>)> {
    let before = live.pending.cancel.as_ref().map(|wish| (wish.reason.as_str(), wish.by.as_ref()));
    let now = || {
        told.iter().find_map(|event| match event {
            HistoryEvent::CancelRequested { reason, by } => Some((reason.as_str(), by.as_ref())),
            _ => None,
        })
    };
    before.or_else(now)
}

fn is_end_of_child(event: &HistoryEvent, child: Operation) -> bool {
    matches!(
        event,
        HistoryEvent::SubOrchestrationCompleted { op, .. } | HistoryEvent::SubOrchestrationFailed { op, .. }
            if *op == child
    )
}

fn sends(history: &[HistoryEvent]) -> Vec<(SessionId, Mail)> {
    let sent = history.iter().filter_map(|event| match event {
        HistoryEvent::EventSent { to, signal } => Some((to.clone(), Mail::Signalled(signal.clone()))),
        HistoryEvent::SubOrchestrationCancelled { id, .. } => {
            let reason = "whoever started it no longer waits for it".to_owned();
            Some((id.clone(), Mail::CancelRequested { reason, by: None }))
        }
        _ => None,
    });
    sent.collect()
}

fn told_to_parent(live: &Live, next: &Next) -> Option<(SessionId, Mail)> {
    let Next::Over(ended) = next else { return None };
    let parent = live.code.parent()?;
    let result = match ended {
        Ended::Completed(output) => Ok(output.clone()),
        Ended::Failed(failure) => Err(failure.clone()),
        Ended::Cancelled(reason) => Err(Failure::new(Cause::Cancelled, reason.clone())),
        Ended::Deleted => return None,
    };
    Some((parent.id, Mail::ChildEnded { execution: parent.execution, op: parent.op, result }))
}

/// A step, and what became of it.
pub(super) type Kept = (Step, Result<TurnOutcome, StoreError>);

/// How long to wait before something is tried again that the store could not do, at first and at most.
const RETRY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(2));

/// Commits steps of different instances, after a while if `wait` is not zero. Those for which the store is busy or
/// blocked come back, to be tried again: what it says then is what became of the first attempt, if that was kept.
pub(super) async fn keep(
    store: Arc<dyn Store>,
    clock: Arc<dyn Steady>,
    (steps, wait): (Vec<Step>, Duration),
) -> (Vec<Kept>, Vec<Step>) {
    if !wait.is_zero() {
        clock.sleep(wait).await;
    }
    let turns = steps.iter().map(|step| Arc::clone(&step.request)).collect();
    let outcomes = store.commit_turns(turns).await;
    let (mut kept, mut again) = (Vec::with_capacity(steps.len()), Vec::new());
    for (step, outcome) in steps.into_iter().zip(outcomes) {
        match outcome {
            Err(error) if error.is_passing() => again.push(step),
            outcome => kept.push((step, outcome)),
        }
    }
    (kept, again)
}

/// How long to wait before what was refused after such a wait is tried again.
pub(super) fn next_wait(wait: Duration) -> Duration {
    let (first, longest) = RETRY;
    if wait.is_zero() { first } else { wait.saturating_mul(2).min(longest) }
}
