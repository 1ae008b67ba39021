//! Requests that wait for the writer: renewals first, bounded, withdrawn when blocked.
//!
//! A request belongs to the queue until the writer has the write lock and takes it. Whoever withdraws it
//! before, under the same mutex, can say for certain that nothing was changed.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tenure_store::StoreError;
use tokio::sync::Semaphore;

use crate::clock::instant;
use crate::request::Request;

/// What the writer is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is asked of it.
    Idle,
    /// It waits for a lock that somebody else holds.
    Waiting {
        /// Since when.
        since: Instant,
        /// For which lock.
        on: Lock,
    },
    /// It has the write lock.
    Working,
    /// It has ended.
    Done,
}

/// The locks that a writer needs, in the order in which it takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// The turnstile that all processes of this program pass.
    Turnstile,
    /// SQLite's own, which only foreign programs hold without the turnstile.
    Sqlite,
}

#[derive(Debug)]
struct State {
    renewals: VecDeque<(Instant, Request)>,
    others: VecDeque<(Instant, Request)>,
    phase: Phase,
    is_closed: bool,
    has_watchman: bool,
}

/// The requests that wait.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    blocked: Condvar,
    done: Condvar,
    room: Semaphore,
    queue_max: usize,
}

impl Queue {
    pub(crate) fn new(queue_max: usize) -> Self {
        let state = State {
            renewals: VecDeque::new(),
            others: VecDeque::new(),
            phase: Phase::Idle,
            is_closed: false,
            has_watchman: false,
        };
        Self {
            state: Mutex::new(state),
            work: Condvar::new(),
            blocked: Condvar::new(),
            done: Condvar::new(),
            room: Semaphore::new(queue_max),
            queue_max,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room, then lets a request wait for the writer.
    pub(crate) async fn push(&self, request: Request) -> Result<(), StoreError> {
        let since = instant();
        let room = match self.room.try_acquire() {
            Ok(room) => room,
            Err(_full_or_closed) => self.room.acquire().await.map_err(|_closed| StoreError::Closed)?,
        };
        room.forget();
        self.put(since, [request])
    }

    /// Waits until there is room, and lets requests wait for the writer, one behind the other: all of them together,
    /// unless there is never room for so many.
    pub(crate) async fn push_all(&self, requests: Vec<Request>) -> Result<(), StoreError> {
        let since = instant();
        let mut rest = requests.into_iter();
        while rest.len() > 0 {
            let together: Vec<_> = rest.by_ref().take(self.queue_max.max(1)).collect();
            let count = u32::try_from(together.len()).unwrap_or(u32::MAX);
            let room = match self.room.try_acquire_many(count) {
                Ok(room) => room,
                Err(_full_or_closed) => {
                    self.room.acquire_many(count).await.map_err(|_closed| StoreError::Closed)?
                }
            };
            room.forget();
            self.put(since, together)?;
        }
        Ok(())
    }

    /// Lets a request wait for the writer if there is room now. For what may be left undone.
    pub(crate) fn push_if_room(&self, request: Request) -> bool {
        let Ok(room) = self.room.try_acquire() else {
            return false;
        };
        room.forget();
        // A closed store leaves it undone.
        self.put(instant(), [request]).is_ok()
    }

    fn put(&self, since: Instant, requests: impl IntoIterator<Item = Request>) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        let is_idle = state.phase == Phase::Idle && state.is_empty();
        for request in requests {
            let queue = if request.is_renewal() { &mut state.renewals } else { &mut state.others };
            queue.push_back((since, request));
        }
        drop(state);
        if is_idle {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Waits until something is asked; `false` once the store is closed and nothing waits any more.
    pub(crate) fn wait(&self) -> bool {
        let mut state = self.state();
        state.phase = Phase::Idle;
        while !state.is_closed && state.is_empty() {
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.is_empty()
    }

    /// Whether nothing is asked of an open store for so long.
    pub(crate) fn rests(&self, length: Duration) -> bool {
        let is_idle =
            |state: &State| !state.is_closed && state.renewals.is_empty() && state.others.is_empty();
        let mut state = self.state();
        state.phase = Phase::Idle;
        let waited = self.work.wait_timeout_while(state, length, |state| is_idle(state));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        is_idle(&state)
    }

    /// Takes up to `max` requests, renewals first. They belong to the writer from now on.
    pub(crate) fn take(&self, max: usize, into: &mut Vec<Request>) -> usize {
        let mut state = self.state();
        let renewals = state.renewals.len().min(max);
        let others = state.others.len().min(max - renewals);
        into.extend(state.renewals.drain(..renewals).map(|(_, request)| request));
        into.extend(state.others.drain(..others).map(|(_, request)| request));
        drop(state);
        self.room.add_permits(renewals + others);
        renewals + others
    }

    /// Whether nothing waits, because it was withdrawn.
    pub(crate) fn is_deserted(&self) -> bool {
        self.state().is_empty()
    }

    /// Whether everything that comes is refused.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Says that the writer waits for somebody else's lock. Returns whether a watchman has to be started.
    pub(crate) fn waiting(&self, on: Lock) -> bool {
        let mut state = self.state();
        let since = match state.phase {
            Phase::Waiting { since, .. } => since,
            Phase::Idle | Phase::Working | Phase::Done => instant(),
        };
        state.phase = Phase::Waiting { since, on };
        let is_first = !state.has_watchman;
        state.has_watchman = true;
        drop(state);
        self.done.notify_all();
        if !is_first {
            self.blocked.notify_one();
        }
        is_first
    }

    /// Says that the writer has the write lock.
    pub(crate) fn working(&self) {
        self.state().phase = Phase::Working;
    }

    /// Waits until requests have waited for a lock longer than `patience`, and withdraws them; `None` once
    /// the writer has ended.
    pub(crate) fn overdue(&self, patience: Duration) -> Option<(Lock, Vec<Request>)> {
        let mut state = self.state();
        loop {
            let (since, on) = match state.phase {
                Phase::Done => return None,
                Phase::Idle | Phase::Working => {
                    state = self.blocked.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                Phase::Waiting { since, on } => (since, on),
            };
            let now = instant();
            let withdrawn = state.withdraw(since, now, patience);
            if !withdrawn.is_empty() {
                drop(state);
                // Whoever closes the store may have waited for these.
                self.done.notify_all();
                self.room.add_permits(withdrawn.len());
                return Some((on, withdrawn));
            }
            let left = state.oldest().map_or(patience, |oldest| {
                patience.saturating_sub(now.saturating_duration_since(oldest.max(since)))
            });
            let waited = self.blocked.wait_timeout(state, left.max(Duration::from_millis(1)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Refuses everything that comes. What waits is still worked on, and `last` after it.
    pub(crate) fn close(&self, last: Option<Request>) {
        let mut state = self.state();
        if !state.is_closed {
            state.is_closed = true;
            let asked = instant();
            state.others.extend(last.map(|last| (asked, last)));
        }
        drop(state);
        self.room.close();
        self.work.notify_one();
    }

    /// Refuses everything that waits and everything that comes: nobody works on it any more.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let (renewals, others) = (std::mem::take(&mut state.renewals), std::mem::take(&mut state.others));
        drop(state);
        self.room.close();
        for (_, request) in renewals.into_iter().chain(others) {
            request.refuse(StoreError::Closed);
        }
    }

    /// The writer has ended.
    pub(crate) fn done(&self) {
        self.state().phase = Phase::Done;
        self.done.notify_all();
        self.blocked.notify_all();
    }

    /// Waits until the writer has ended; for somebody else's lock no longer than `patience`: that may take for
    /// ever, and whoever closes a store must not. Such a writer ends when the lock comes or the process does.
    pub(crate) fn wait_done(&self, patience: Duration) {
        let mut state = self.state();
        loop {
            let left = match state.phase {
                Phase::Done => return,
                Phase::Waiting { .. } if state.is_empty() => return,
                Phase::Waiting { since, .. } => patience.saturating_sub(since.elapsed()),
                Phase::Idle | Phase::Working => {
                    state = self.done.wait(state).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
            };
            if left.is_zero() {
                return;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.renewals.is_empty() && self.others.is_empty()
    }

    fn oldest(&self) -> Option<Instant> {
        let fronts = [self.renewals.front(), self.others.front()];
        fronts.into_iter().flatten().map(|(since, _)| *since).min()
    }

    fn withdraw(&mut self, since: Instant, now: Instant, patience: Duration) -> Vec<Request> {
        let mut withdrawn = Vec::new();
        for queue in [&mut self.renewals, &mut self.others] {
            let is_overdue = |asked: &Instant| now.saturating_duration_since(since.max(*asked)) >= patience;
            while let Some((_, request)) = queue.pop_front_if(|(asked, _)| is_overdue(asked)) {
                withdrawn.push(request);
            }
        }
        withdrawn
    }
}

#[cfg(test)]
mod tests;
