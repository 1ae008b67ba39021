//! One instance while its code is in memory.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, Wake, Waker};

use tenure_core::id::SessionId;
use tenure_core::orchestration::{Cause, Failure, HistoryEvent, ParentLink, Payload, Signal, Start, Version};
use tenure_core::time::WallTime;
use tenure_core::trace::TraceParent;

use crate::compare::{compare, is_end, is_told};
use crate::context::Context;
use crate::problem::Problem;
use crate::shared::Shared;

/// How an execution's code ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It returned.
    Completed(Payload),
    /// It failed.
    Failed(Failure),
    /// It begins anew.
    ContinuedAsNew {
        /// With this input.
        input: Payload,
        /// As this version; `None`: the same.
        version: Option<Version>,
    },
}

/// An execution's code at work.
pub type CodeFuture = Pin<Box<dyn Future<Output = Ending> + Send>>;

/// An orchestration's code: given what it sees of the world and its input, it runs.
pub type Code = Arc<dyn Fn(Context, Payload) -> CodeFuture + Send + Sync>;

/// What one turn came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// What it adds to the history: its beginning, what the code was told, what it asked for, how it ended.
    pub events: Vec<HistoryEvent>,
    /// Where in the events what it asked for begins.
    pub asked_from: usize,
    /// How the code ended, if it did.
    pub ending: Option<Ending>,
}

/// One instance while its code is in memory.
pub struct Instance {
    shared: Shared,
    /// Nothing once the code has ended.
    code: Option<CodeFuture>,
    flag: Arc<Flag>,
    waker: Waker,
    /// Whether a turn was not kept, or must not be run: it is of no use any more.
    is_broken: bool,
}

/// Whether the code was woken.
#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").field("has_ended", &self.code.is_none()).finish_non_exhaustive()
    }
}

impl Instance {
    /// An execution that begins. Its code does nothing before its first turn.
    #[must_use]
    pub fn begin(id: SessionId, code: &Code, mut start: Start) -> Self {
        let input = std::mem::take(&mut start.input);
        let shared = Shared::new(start);
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        let context = Context::new(shared.clone(), id);
        // Code may do something before its first await; a panic there is one like any other.
        let code = Arc::clone(code);
        let run: CodeFuture = Box::pin(async move { code(context, input).await });
        Self { shared, code: Some(run), flag, waker, is_broken: false }
    }

    /// An execution as its history left it, by running its code on all of that.
    ///
    /// # Errors
    /// [`Problem`] when the code does not ask for what it had asked for.
    pub fn replay(id: SessionId, code: &Code, history: &[Vec<HistoryEvent>]) -> Result<Self, Problem> {
        let Some(HistoryEvent::ExecutionStarted(start)) = history.iter().flatten().next() else {
            return Err(Problem::Malformed { what: "it does not begin with how the execution began" });
        };
        let mut instance = Self::begin(id, code, (**start).clone());
        for row in history {
            instance.row(row)?;
        }
        Ok(instance)
    }

    /// Goes through what one commit recorded: something beside the code, then at most one turn.
    fn row(&mut self, row: &[HistoryEvent]) -> Result<(), Problem> {
        let is_turn = |event: &HistoryEvent| matches!(event, HistoryEvent::TurnStarted { .. });
        let (before, turn) = row.split_at(row.iter().position(is_turn).unwrap_or(row.len()));
        let is_known =
            |event: &HistoryEvent| is_aside(event) || matches!(event, HistoryEvent::ExecutionStarted(_));
        match before.iter().find(|event| !is_known(event)) {
            None => self.again(turn),
            // It was ended from outside, wherever it stood.
            Some(_) if turn.is_empty() && before.last().is_some_and(is_end) => {
                self.end();
                Ok(())
            }
            Some(_) => Err(Problem::Malformed { what: "something happened outside of a turn" }),
        }
    }

    /// Runs a recorded turn again, if there is one.
    fn again(&mut self, recorded: &[HistoryEvent]) -> Result<(), Problem> {
        let Some((HistoryEvent::TurnStarted { at }, rest)) = recorded.split_first() else {
            return Ok(());
        };
        if self.code.is_none() {
            return Err(Problem::Malformed { what: "something follows its end" });
        }
        let told = rest.iter().take_while(|event| is_told(event)).count();
        let (told, asked) = rest.split_at(told);
        self.shared.state().is_replaying = true;
        let turn = self.run(*at, told.to_vec())?;
        let found = turn.events.get(turn.asked_from..).unwrap_or_default();
        let number = {
            let mut state = self.shared.state();
            state.is_replaying = false;
            state.turn
        };
        compare(number, asked, found).inspect_err(|_| self.is_broken = true)?;
        if asked.last().is_some_and(is_end) {
            self.end();
        }
        Ok(())
    }

    /// Tells the code what happened, and runs it until it waits again. If what comes of it is not kept, the
    /// instance is of no use any more.
    ///
    /// # Errors
    /// [`Problem::WaitsForNothing`], and whatever comes after an end.
    pub fn turn(&mut self, at: WallTime, told: Vec<HistoryEvent>) -> Result<Turn, Problem> {
        if self.code.is_none() || self.is_broken {
            return Err(Problem::Malformed { what: "something follows its end" });
        }
        self.run(at, told)
    }

    fn run(&mut self, at: WallTime, told: Vec<HistoryEvent>) -> Result<Turn, Problem> {
        {
            let mut state = self.shared.state();
            state.at = at;
            state.turn = state.turn.saturating_add(1);
        }
        let ending = self.hear(&told);
        if ending.is_some() {
            // What the code still waited for is given up by dropping it, and recorded.
            self.code = None;
        }
        let (asked, turn) = {
            let mut state = self.shared.state();
            if ending.is_none() && !state.waits_for_something() {
                self.is_broken = true;
                return Err(Problem::WaitsForNothing { turn: state.turn });
            }
            (state.take_asked(), HistoryEvent::TurnStarted { at })
        };
        let asked_from = told.len() + 1;
        let mut events = Vec::with_capacity(asked_from + asked.len() + usize::from(ending.is_some()));
        events.push(turn);
        events.extend(told);
        events.extend(asked);
        events.extend(ending.as_ref().map(|ending| self.ended(ending)));
        Ok(Turn { events, asked_from, ending })
    }

    /// Tells the code what happened, and runs it. A wish that it ends interrupts what it waits for once it knows everything
    /// before: else what it has just been told of would be all that is interrupted, and what it does next would not be.
    fn hear(&mut self, told: &[HistoryEvent]) -> Option<Ending> {
        for (before, event) in told.iter().enumerate() {
            if before > 0
                && matches!(event, HistoryEvent::CancelRequested { .. })
                && let Some(ending) = self.poll()
            {
                return Some(ending);
            }
            self.shared.state().tell(event);
        }
        self.poll()
    }

    /// Runs the code until it waits or ends. A panic is a failure.
    fn poll(&mut self) -> Option<Ending> {
        let code = self.code.as_mut()?;
        let mut task = Task::from_waker(&self.waker);
        loop {
            self.flag.0.store(false, Ordering::Release);
            let polled = catch_unwind(AssertUnwindSafe(|| code.as_mut().poll(&mut task)));
            match polled {
                Ok(Poll::Ready(ending)) => return Some(ending),
                Ok(Poll::Pending) => {}
                Err(panic) => return Some(Ending::Failed(Failure::panicked(panic.as_ref()))),
            }
            if !self.flag.0.load(Ordering::Acquire) {
                return None;
            }
        }
    }

    /// What the history says of an end.
    fn ended(&self, ending: &Ending) -> HistoryEvent {
        match ending {
            Ending::Completed(output) => HistoryEvent::ExecutionCompleted { output: output.clone() },
            Ending::Failed(failure) => match &self.shared.state().cancel {
                Some((reason, _)) if failure.cause == Cause::Cancelled => {
                    HistoryEvent::ExecutionTerminated { reason: reason.clone() }
                }
                Some(_) | None => HistoryEvent::ExecutionFailed { failure: failure.clone() },
            },
            Ending::ContinuedAsNew { input, version } => {
                HistoryEvent::ContinuedAsNew { input: input.clone(), version: *version }
            }
        }
    }

    /// How the execution began, without its input, which its code has.
    #[must_use]
    pub fn start(&self) -> Start {
        self.shared.state().start.clone()
    }

    /// The version that the execution keeps.
    #[must_use]
    pub fn version(&self) -> Version {
        self.shared.state().start.version
    }

    /// The trace that the instance belongs to.
    #[must_use]
    pub fn trace(&self) -> Option<TraceParent> {
        self.shared.state().start.trace
    }

    /// Who waits for its end.
    #[must_use]
    pub fn parent(&self) -> Option<ParentLink> {
        self.shared.state().start.parent.clone()
    }

    /// The signals that nobody has taken.
    #[must_use]
    pub fn signals_left(&self) -> Vec<Signal> {
        self.shared.state().signals_left()
    }

    /// Whether its code has ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.code.is_none()
    }

    fn end(&mut self) {
        self.shared.state().close();
        self.code = None;
    }
}

impl Drop for Instance {
    /// The code is put away, not ended: nothing that it waits for is given up.
    fn drop(&mut self) {
        self.end();
    }
}

/// What happened beside the code, which it was not told.
const fn is_aside(event: &HistoryEvent) -> bool {
    matches!(
        event,
        HistoryEvent::TaskRetried { .. }
            | HistoryEvent::TaskStarted { .. }
            | HistoryEvent::TaskHeartbeat { .. }
            | HistoryEvent::ExecutionRescued
            | HistoryEvent::TurnAttempted
    )
}
