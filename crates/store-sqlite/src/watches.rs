//! Who in this process is woken when a session changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_store::Handle;
use tokio::sync::watch;

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
    handle: Handle,
}

impl Watches {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to watch a session.
    pub(crate) fn add(self: &Arc<Self>, handle: Handle) -> (watch::Receiver<u64>, Watcher) {
        let mut state = self.state();
        let watched = state
            .watched
            .entry(handle)
            .or_insert_with(|| Watched { changes: watch::channel(0).0, watchers: 0 });
        watched.watchers += 1;
        let changes = watched.changes.subscribe();
        drop(state);
        (changes, Watcher { watches: Arc::clone(self), handle })
    }

    /// Wakes whoever watches one of these sessions.
    pub(crate) fn wake(&self, changed: &[Handle]) {
        let state = self.state();
        if state.watched.is_empty() {
            return;
        }
        for watched in changed.iter().filter_map(|handle| state.watched.get(handle)) {
            watched.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Ends every watch: the store is closed.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.watched.clear();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut state = self.watches.state();
        let Some(watched) = state.watched.get_mut(&self.handle) else {
            return;
        };
        watched.watchers -= 1;
        if watched.watchers == 0 {
            state.watched.remove(&self.handle);
        }
    }
}
