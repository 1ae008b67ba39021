//! Futures of what an orchestration waits for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};

use tenure_core::id::Operation;
use tenure_core::orchestration::HistoryEvent;

use crate::shared::{Outcome, Shared, Sort, State};

/// Asks for an operation once its number is known: what is recorded, and what is waited for.
type Ask = Box<dyn FnOnce(&State, Operation) -> (Option<HistoryEvent>, Sort) + Send>;

/// Waits for one operation. It is asked for when this is first polled; dropping it gives it up.
#[must_use = "nothing is asked for until this is awaited"]
pub struct Wait {
    shared: Shared,
    stage: Stage,
}

enum Stage {
    /// It was not polled yet.
    Unasked(Ask),
    /// It was asked for.
    Asked(Operation),
    /// It is over, and was told.
    Over,
}

impl Wait {
    pub(crate) fn new(
        shared: Shared,
        ask: impl FnOnce(&State, Operation) -> (Option<HistoryEvent>, Sort) + Send + 'static,
    ) -> Self {
        Self { shared, stage: Stage::Unasked(Box::new(ask)) }
    }
}

impl std::fmt::Debug for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stage = match &self.stage {
            Stage::Unasked(_) => "not asked for".to_owned(),
            Stage::Asked(op) => format!("operation {op}"),
            Stage::Over => "over".to_owned(),
        };
        f.debug_tuple("Wait").field(&stage).finish()
    }
}

impl Future for Wait {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Outcome> {
        let this = &mut *self;
        let mut state = this.shared.state();
        let op = match std::mem::replace(&mut this.stage, Stage::Over) {
            Stage::Unasked(ask) => {
                let op = state.next_op();
                let (event, sort) = ask(&state, op);
                event.into_iter().for_each(|event| state.ask(event));
                state.wait(op, sort, task.waker().clone());
                op
            }
            Stage::Asked(op) => op,
            Stage::Over => return Poll::Pending,
        };
        match state.take(op, task.waker()) {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                this.stage = Stage::Asked(op);
                Poll::Pending
            }
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Stage::Asked(op) = self.stage {
            self.shared.state().give_up(op);
        }
    }
}

/// Waits until somebody wishes the instance to end.
#[derive(Debug)]
#[must_use = "futures do nothing until they are awaited"]
pub struct Cancelled(pub(crate) Shared);

impl Future for Cancelled {
    type Output = String;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<String> {
        let mut state = self.0.state();
        match &state.cancel {
            Some((reason, _)) => Poll::Ready(reason.clone()),
            None => {
                state.herald(task.waker());
                Poll::Pending
            }
        }
    }
}
