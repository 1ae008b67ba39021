//! Who in this process is woken when a session changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_store::{Handle, StoreError};
use tokio::sync::watch;

use crate::queue::Queue;
use crate::request::{Chore, Request};

/// The sessions that somebody in this process watches.
#[derive(Debug, Default)]
pub(crate) struct Watches(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    watched: HashMap<Handle, Watched>,
    is_closed: bool,
}

#[derive(Debug)]
struct Watched {
    changes: watch::Sender<u64>,
    watchers: usize,
}

/// One watcher. Dropping it ends its watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    watches: Arc<Watches>,
    queue: Arc<Queue>,
    handle: Handle,
}

impl Watches {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to watch a session.
    pub(crate) fn add(
        self: &Arc<Self>,
        queue: &Arc<Queue>,
        handle: Handle,
    ) -> Result<(watch::Receiver<u64>, Watcher), StoreError> {
        let mut state = self.state();
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        let unwatched = || Watched { changes: watch::channel(0).0, watchers: 0 };
        let watched = state.watched.entry(handle).or_insert_with(unwatched);
        watched.watchers += 1;
        let changes = watched.changes.subscribe();
        drop(state);
        Ok((changes, Watcher { watches: Arc::clone(self), queue: Arc::clone(queue), handle }))
    }

    /// Whether nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().watched.is_empty()
    }

    /// Wakes whoever watches one of these sessions.
    pub(crate) fn wake(&self, changed: &[Handle]) {
        let state = self.state();
        if state.watched.is_empty() {
            return;
        }
        changed.iter().filter_map(|handle| state.watched.get(handle)).for_each(Watched::wake);
    }

    /// Wakes everybody: something may have changed.
    pub(crate) fn wake_all(&self) {
        self.state().watched.values().for_each(Watched::wake);
    }

    /// Ends every watch: the store is closed.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.watched.clear();
    }
}

impl Watched {
    fn wake(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Drop for Watcher {
    /// The last watcher of a session lets other processes stop ringing for it. That is said while nobody
    /// can begin to watch it again, so that the two are not heard in the wrong order.
    fn drop(&mut self) {
        let mut state = self.watches.state();
        let Some(watched) = state.watched.get_mut(&self.handle) else {
            return;
        };
        watched.watchers -= 1;
        if watched.watchers == 0 {
            state.watched.remove(&self.handle);
            self.queue.push_if_room(Request::Chore(Chore::Unwatch(self.handle)));
        }
    }
}
