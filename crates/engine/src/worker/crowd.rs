//! Attempts that share a task.
//!
//! Of an attempt that is over as soon as it begins, its task is what costs most: it is made for it alone, and wakes another
//! thread that comes too late to help. So those of which that is to be expected share one. Where they have the thread
//! for longer than [`PATIENCE`] after all, because one of them blocks it or many are slow, those that wait, and what those before
//! came to, are taken away from it.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use tokio::sync::mpsc;

use super::attempt::{self, Run};
use super::order::Input;
use super::spawn::spawn;
use crate::Steady;

#[cfg(test)]
mod tests;

/// What is over within this is over at once.
const AT_ONCE: Duration = Duration::from_micros(20);
/// After so many in a row that were over at once, the next one is expected to be.
const IN_A_ROW: u32 = 8;
/// Most attempts that share a task.
pub(super) const CROWD_MAX: usize = 32;
/// How long they have the thread together, until the others go on without the one that has it.
pub(super) const PATIENCE: Duration = Duration::from_millis(10);

/// How many attempts of an activity in a row were over at once.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU32);

impl Pace {
    /// Whether the next one is expected to be.
    pub(super) fn is_at_once(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= IN_A_ROW
    }

    /// How one began: whether it is over, and how long that took.
    fn note(&self, is_over: bool, took: Duration) {
        if !is_over || took > AT_ONCE {
            self.0.store(0, Ordering::Relaxed);
        } else if !self.is_at_once() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Attempts that share a task.
pub(super) struct Crowd(Mutex<State>);

struct State {
    waiting: VecDeque<Run>,
    /// Since when they have the thread.
    since: Option<Duration>,
    /// What became of those before. The loop is not told before the end: whoever is woken on a thread may have to wait for
    /// what has it.
    begun: Vec<Begun>,
    is_over: bool,
}

/// How it goes with attempts that share a task.
pub(super) enum Course {
    GoesOn,
    /// Every one has begun.
    Over,
    /// They take too long. These do not have the thread: those that wait, and those that had it before.
    BrokenUp(VecDeque<Run>, Vec<Begun>),
}

/// An attempt that has begun.
pub(super) enum Begun {
    /// It is over already.
    Over(Input),
    /// It goes on.
    GoesOn(Pin<Box<dyn Future<Output = Input> + Send>>),
}

impl Begun {
    /// Tells what came of it, or lets it go on by itself.
    pub(super) fn go_on(self, inputs: &mpsc::UnboundedSender<Input>) {
        match self {
            // Whoever would be told has stopped, and somebody else tries again.
            Self::Over(result) => drop(inputs.send(result)),
            Self::GoesOn(attempt) => {
                let inputs = inputs.clone();
                spawn(async move { drop(inputs.send(attempt.await)) });
            }
        }
    }
}

impl Crowd {
    pub(super) fn of(attempts: Vec<Run>) -> Arc<Self> {
        let begun = Vec::with_capacity(attempts.len());
        Arc::new(Self(Mutex::new(State { waiting: attempts.into(), since: None, begun, is_over: false })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it goes. If they have had the thread for too long, those that do not have it now leave.
    pub(super) fn look(&self, now: Duration) -> Course {
        let mut state = self.state();
        match state.since {
            _ if state.is_over => Course::Over,
            Some(since) if now.saturating_sub(since) >= PATIENCE => {
                Course::BrokenUp(std::mem::take(&mut state.waiting), std::mem::take(&mut state.begun))
            }
            Some(_) | None => Course::GoesOn,
        }
    }

    /// The next one has the thread, if there is one; the one before has begun.
    fn next(&self, now: Duration, before: Option<Begun>) -> Option<Run> {
        let mut state = self.state();
        state.begun.extend(before);
        state.since.get_or_insert(now);
        state.waiting.pop_front()
    }

    fn end(&self) -> Vec<Begun> {
        let mut state = self.state();
        (state.since, state.is_over) = (None, true);
        std::mem::take(&mut state.begun)
    }
}

/// Begins an attempt, and notes how that went. Returns also how long it had the thread.
async fn begin(run: Run, clock: &Arc<dyn Steady>, now: Duration) -> (Begun, Duration) {
    let pace = Arc::clone(&run.code.pace);
    let mut attempt = Box::pin(attempt::run(run, Arc::clone(clock)));
    let polled = poll!(&mut attempt);
    let took = clock.now().saturating_sub(now);
    // What may not begin says nothing of how long it would have taken.
    if !matches!(polled, Poll::Ready(Input::Unbegun { .. })) {
        pace.note(polled.is_ready(), took);
    }
    match polled {
        Poll::Ready(result) => (Begun::Over(result), took),
        Poll::Pending => (Begun::GoesOn(attempt), took),
    }
}

/// Runs an attempt to its end.
pub(super) async fn alone(run: Run, clock: Arc<dyn Steady>, inputs: mpsc::UnboundedSender<Input>) {
    let now = clock.now();
    let result = match begin(run, &clock, now).await.0 {
        Begun::Over(result) => result,
        Begun::GoesOn(attempt) => attempt.await,
    };
    // Whoever would be told has stopped, and somebody else tries again.
    drop(inputs.send(result));
}

/// Begins attempts one after the other. What is not over then goes on by itself.
pub(super) async fn together(
    crowd: Arc<Crowd>,
    clock: Arc<dyn Steady>,
    inputs: mpsc::UnboundedSender<Input>,
) {
    let (mut now, mut before) = (clock.now(), None);
    while let Some(run) = crowd.next(now, before.take()) {
        let (begun, took) = begin(run, &clock, now).await;
        now = now.saturating_add(took);
        before = Some(begun);
    }
    crowd.end().into_iter().for_each(|begun| begun.go_on(&inputs));
}
