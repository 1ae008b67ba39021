//! What an instance and the code that it runs both see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tenure_core::id::{ActorId, Operation, SessionId, SignalName};
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, Payload, Signal, Start};
use tenure_core::time::WallTime;

use crate::mailbox::Mailbox;
use crate::random::Random;

/// What an operation came to.
pub(crate) type Outcome = Result<Payload, Failure>;

/// What sort of thing is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sort {
    Task,
    Timer,
    Child(SessionId),
    Signal(SignalName),
}

/// An operation that was asked for.
#[derive(Debug)]
pub(crate) enum Slot {
    /// It is waited for.
    Waiting { sort: Sort, waker: Option<Waker>, asked_in: u64 },
    /// It is there to be taken.
    Done { sort: Sort, outcome: Outcome },
}

/// What an instance and its code both see. Only one of them is at work at a time.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) start: Start,
    pub(crate) at: WallTime,
    pub(crate) turn: u64,
    pub(crate) is_replaying: bool,
    pub(crate) cancel: Option<(String, Option<ActorId>)>,
    /// What this turn asked for so far.
    asked: Vec<HistoryEvent>,
    /// What it asked for and gave up again.
    withdrawn: BTreeSet<Operation>,
    random: Random,
    newest: Operation,
    slots: BTreeMap<Operation, Slot>,
    signals: Mailbox,
    /// Those who wait for the cancellation.
    heralds: Vec<Waker>,
    /// What is dropped from now on is dropped by whoever drives the instance, not by its code.
    is_closed: bool,
}

/// A shared [`State`].
#[derive(Debug, Clone)]
pub(crate) struct Shared(Arc<Mutex<State>>);

impl Shared {
    pub(crate) fn new(start: Start) -> Self {
        let state = State {
            random: Random::new(start.seed),
            signals: Mailbox::of(&start.carried),
            start,
            at: WallTime::from_epoch_ms(0),
            turn: 0,
            is_replaying: false,
            cancel: None,
            asked: Vec::new(),
            withdrawn: BTreeSet::new(),
            newest: Operation(0),
            slots: BTreeMap::new(),
            heralds: Vec::new(),
            is_closed: false,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) const fn random(&mut self) -> u64 {
        self.random.next()
    }

    pub(crate) const fn close(&mut self) {
        self.is_closed = true;
    }

    /// The number of the next operation.
    pub(crate) const fn next_op(&mut self) -> Operation {
        self.newest = self.newest.next();
        self.newest
    }

    /// Asks for something.
    pub(crate) fn ask(&mut self, event: HistoryEvent) {
        self.asked.push(event);
    }

    /// Everything that was asked for since this was last called, and not given up since.
    pub(crate) fn take_asked(&mut self) -> Vec<HistoryEvent> {
        let mut asked = std::mem::take(&mut self.asked);
        if !self.withdrawn.is_empty() {
            let withdrawn = std::mem::take(&mut self.withdrawn);
            asked.retain(|event| asked_op(event).is_none_or(|op| !withdrawn.contains(&op)));
        }
        asked
    }

    /// Begins to wait for an operation.
    pub(crate) fn wait(&mut self, op: Operation, sort: Sort, waker: Waker) {
        if let Sort::Signal(name) = &sort {
            if let Some(data) = self.signals.take(name) {
                self.slots.insert(op, Slot::Done { sort, outcome: Ok(data) });
                return;
            }
            self.signals.wait(name.clone(), op);
        }
        self.slots.insert(op, Slot::Waiting { sort, waker: Some(waker), asked_in: self.turn });
    }

    /// What an operation came to, once.
    pub(crate) fn take(&mut self, op: Operation, waker: &Waker) -> Option<Outcome> {
        match self.slots.get_mut(&op)? {
            Slot::Waiting { waker: kept, .. } => {
                if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
                    *kept = Some(waker.clone());
                }
                None
            }
            Slot::Done { .. } => match self.slots.remove(&op)? {
                Slot::Done { outcome, .. } => Some(outcome),
                Slot::Waiting { .. } => None,
            },
        }
    }

    /// The code no longer waits for an operation.
    pub(crate) fn give_up(&mut self, op: Operation) {
        if self.is_closed {
            return;
        }
        match self.slots.remove(&op) {
            Some(Slot::Waiting { sort, asked_in, .. }) => self.withdraw(op, sort, asked_in),
            // It was there for whoever asks next, and still is.
            Some(Slot::Done { sort: Sort::Signal(name), outcome: Ok(data) }) => {
                self.signals.give_back(name, data);
            }
            Some(Slot::Done { .. }) | None => {}
        }
    }

    /// What was asked for in this very turn was never asked for; the rest is asked to stop.
    fn withdraw(&mut self, op: Operation, sort: Sort, asked_in: u64) {
        match sort {
            Sort::Signal(name) => self.signals.wait_no_more(&name, op),
            // What was asked for is looked through once, at the end of the turn.
            Sort::Task | Sort::Timer | Sort::Child(_) if asked_in == self.turn => {
                self.withdrawn.insert(op);
            }
            Sort::Task => self.asked.push(HistoryEvent::TaskCancelled { op }),
            Sort::Timer => self.asked.push(HistoryEvent::TimerCancelled { op }),
            Sort::Child(id) => self.asked.push(HistoryEvent::SubOrchestrationCancelled { op, id }),
        }
    }

    /// Tells the code something. What nobody waits for any more is passed over.
    pub(crate) fn tell(&mut self, event: &HistoryEvent) {
        match event {
            HistoryEvent::TaskCompleted { op, result }
            | HistoryEvent::SubOrchestrationCompleted { op, result } => self.settle(*op, Ok(result.clone())),
            HistoryEvent::TaskFailed { op, failure }
            | HistoryEvent::SubOrchestrationFailed { op, failure } => self.settle(*op, Err(failure.clone())),
            HistoryEvent::TimerFired { op } => self.settle(*op, Ok(Payload::default())),
            HistoryEvent::EventRaised(signal) => self.raise(signal.clone()),
            HistoryEvent::CancelRequested { reason, by } => self.cancel(reason, by.clone()),
            HistoryEvent::ExecutionStarted(_)
            | HistoryEvent::TurnStarted { .. }
            | HistoryEvent::ExecutionRescued
            | HistoryEvent::TurnAttempted
            | HistoryEvent::TaskScheduled(_)
            | HistoryEvent::TaskRetried { .. }
            | HistoryEvent::TaskHeartbeat { .. }
            | HistoryEvent::TaskStarted { .. }
            | HistoryEvent::TaskCancelled { .. }
            | HistoryEvent::TimerCreated { .. }
            | HistoryEvent::TimerCancelled { .. }
            | HistoryEvent::EventSent { .. }
            | HistoryEvent::SubOrchestrationCreated { .. }
            | HistoryEvent::SubOrchestrationCancelled { .. }
            | HistoryEvent::OrchestrationStarted(_)
            | HistoryEvent::StatusSet { .. }
            | HistoryEvent::ContinuedAsNew { .. }
            | HistoryEvent::ExecutionCompleted { .. }
            | HistoryEvent::ExecutionFailed { .. }
            | HistoryEvent::ExecutionTerminated { .. } => {}
        }
    }

    fn settle(&mut self, op: Operation, outcome: Outcome) {
        let Some(slot) = self.slots.get_mut(&op) else { return };
        if let Slot::Waiting { sort, waker, .. } = slot {
            let (sort, waker) = (sort.clone(), waker.take());
            if let Sort::Signal(name) = &sort {
                self.signals.wait_no_more(name, op);
            }
            *slot = Slot::Done { sort, outcome };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Gives a signal to whoever has waited longest for one of its name, or keeps it.
    fn raise(&mut self, signal: Signal) {
        match self.signals.first_waiting(&signal.name) {
            Some(op) => self.settle(op, Ok(signal.data)),
            None => self.signals.keep(signal),
        }
    }

    /// Interrupts everything that is waited for, once. What the code does then is its own affair.
    fn cancel(&mut self, reason: &str, by: Option<ActorId>) {
        if self.cancel.is_some() {
            return;
        }
        self.cancel = Some((reason.to_owned(), by));
        self.heralds.drain(..).for_each(Waker::wake);
        let waiting = self.slots.iter().filter(|(_, slot)| matches!(slot, Slot::Waiting { .. }));
        let waiting: Vec<_> = waiting.map(|(op, _)| *op).collect();
        for op in waiting {
            if let Some(Slot::Waiting { sort, asked_in, .. }) = self.slots.get(&op) {
                let (sort, asked_in) = (sort.clone(), *asked_in);
                self.settle(op, Err(Failure::new(Cause::Cancelled, reason)));
                self.withdraw(op, sort, asked_in);
            }
        }
    }

    /// Wakes `waker` when the instance is to be cancelled.
    pub(crate) fn herald(&mut self, waker: &Waker) {
        if !self.heralds.iter().any(|kept| kept.will_wake(waker)) {
            self.heralds.push(waker.clone());
        }
    }

    /// Whether anything durable could make the code go on.
    pub(crate) fn waits_for_something(&self) -> bool {
        !self.heralds.is_empty() || self.slots.values().any(|slot| matches!(slot, Slot::Waiting { .. }))
    }

    /// The signals that nobody has taken: those of dropped waits too.
    pub(crate) fn signals_left(&self) -> Vec<Signal> {
        self.signals.left()
    }
}

/// The operation that an event asks for.
fn asked_op(event: &HistoryEvent) -> Option<Operation> {
    match event {
        HistoryEvent::TaskScheduled(activity) => Some(activity.op),
        HistoryEvent::TimerCreated { op, .. } | HistoryEvent::SubOrchestrationCreated { op, .. } => Some(*op),
        HistoryEvent::ExecutionStarted(_)
        | HistoryEvent::TurnStarted { .. }
        | HistoryEvent::ExecutionRescued
        | HistoryEvent::TurnAttempted
        | HistoryEvent::TaskCompleted { .. }
        | HistoryEvent::TaskFailed { .. }
        | HistoryEvent::TaskRetried { .. }
        | HistoryEvent::TaskHeartbeat { .. }
        | HistoryEvent::TaskStarted { .. }
        | HistoryEvent::TaskCancelled { .. }
        | HistoryEvent::TimerFired { .. }
        | HistoryEvent::TimerCancelled { .. }
        | HistoryEvent::EventRaised(_)
        | HistoryEvent::EventSent { .. }
        | HistoryEvent::SubOrchestrationCompleted { .. }
        | HistoryEvent::SubOrchestrationFailed { .. }
        | HistoryEvent::SubOrchestrationCancelled { .. }
        | HistoryEvent::OrchestrationStarted(_)
        | HistoryEvent::StatusSet { .. }
        | HistoryEvent::CancelRequested { .. }
        | HistoryEvent::ContinuedAsNew { .. }
        | HistoryEvent::ExecutionCompleted { .. }
        | HistoryEvent::ExecutionFailed { .. }
        | HistoryEvent::ExecutionTerminated { .. } => None,
    }
}
