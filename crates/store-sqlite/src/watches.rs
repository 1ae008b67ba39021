//! Who in this process is woken when a session changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use tenure_core::event::Event;
use tenure_core::id::{Revision, Seq};
use tenure_store::{Feed, Handle, Heard, StoreError};
use tokio::sync::watch;

use crate::queue::Queue;
use crate::recent::{self, Appended, Recent};
use crate::request::{Chore, Request};

/// Memory for recent events of all watched sessions together, about: what the allocator loses is not counted.
const RECENT_BYTES: usize = 16 << 20;
/// What each of them may take at least, and at most.
const RECENT_BYTES_EACH: (usize, usize) = (8 << 10, 1 << 20);

/// Stands for what workers pay attention to: messages, and instances that nobody holds. No session has it.
pub(crate) const WORKERS: Handle = Handle(0);

/// Stands for who the workers are. No group has it.
pub(crate) const CREW: Handle = Handle(i64::MIN);

/// Stands for all sessions. No group has it.
pub(crate) const ALL: Handle = Handle(i64::MIN + 1);

/// The sessions that somebody in this process watches.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    state: Mutex<State>,
    feed: Feed,
}

#[derive(Debug, Default)]
struct State {
    watched: HashMap<Handle, Watched>,
    is_closed: bool,
}

#[derive(Debug)]
struct Watched {
    changes: watch::Sender<u64>,
    watchers: usize,
    recent: Arc<Mutex<Recent>>,
    /// How it stood when the net was looked at last, if it was there.
    stood: Option<Option<Standing>>,
}

/// What tells whether a session changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Its newest position.
    pub(crate) head: Seq,
    /// Where its log begins.
    pub(crate) earliest: Seq,
    pub(crate) revision: Revision,
}

/// One watcher. Dropping it ends its watch.
#[derive(Debug)]
pub(crate) struct Watcher {
    watches: Arc<Watches>,
    queue: Arc<Queue>,
    handle: Handle,
    recent: Arc<Mutex<Recent>>,
}

impl Watches {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who is told which sessions change.
    pub(crate) const fn feed(&self) -> &Feed {
        &self.feed
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
        let watched = state.watched.entry(handle).or_insert_with(Watched::new);
        watched.watchers += 1;
        let (changes, recent) = (watched.changes.subscribe(), Arc::clone(&watched.recent));
        drop(state);
        Ok((changes, Watcher { watches: Arc::clone(self), queue: Arc::clone(queue), handle, recent }))
    }

    /// Whether nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().watched.is_empty()
    }

    /// The sessions that are watched.
    pub(crate) fn watched(&self) -> Vec<Handle> {
        self.state().watched.keys().copied().filter(|handle| *handle != ALL).collect()
    }

    /// Whether somebody watches all sessions.
    pub(crate) fn is_all_watched(&self) -> bool {
        self.state().watched.contains_key(&ALL)
    }

    /// Wakes whoever watches one of these sessions: something happened to it.
    pub(crate) fn wake(&self, changed: &[Handle]) {
        self.feed.tell(changed.iter().copied().filter(is_session));
        let state = self.state();
        if state.watched.is_empty() {
            return;
        }
        changed.iter().filter_map(|handle| state.watched.get(handle)).for_each(Watched::wake);
    }

    /// Wakes whoever watches one of these sessions, and tells what was appended to it. Nobody else may write in
    /// between: what is told after somebody else's later write would hide it.
    pub(crate) fn tell(&self, appended: Vec<Appended>) {
        self.feed.tell(appended.iter().map(|append| append.handle));
        let state = self.state();
        if state.watched.is_empty() {
            return;
        }
        let (least, most) = RECENT_BYTES_EACH;
        let bytes_max = (RECENT_BYTES / state.watched.len()).clamp(least, most);
        for append in appended {
            if let Some(watched) = state.watched.get(&append.handle) {
                watched.recent().keep(append, bytes_max);
                watched.bump();
            }
        }
    }

    /// Wakes everybody: something may have changed.
    pub(crate) fn wake_all(&self) {
        self.feed.tell_any();
        self.state().watched.values().for_each(Watched::wake);
    }

    /// Wakes those whose session is not as it is known to be.
    pub(crate) fn compare(&self, found: impl IntoIterator<Item = (Handle, Option<Standing>)>) {
        let mut state = self.state();
        for (handle, stands) in found {
            if let Some(watched) = state.watched.get_mut(&handle) {
                watched.compare(stands);
            }
        }
    }

    /// Ends every watch: the store is closed.
    pub(crate) fn close(&self) {
        self.feed.close();
        let mut state = self.state();
        state.is_closed = true;
        state.watched.clear();
    }
}

/// Groups, and what stands for something else, are no sessions.
pub(crate) const fn is_session(handle: &Handle) -> bool {
    handle.0 > 0
}

impl Watched {
    fn new() -> Self {
        Self { changes: watch::channel(0).0, watchers: 0, recent: Arc::default(), stood: None }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        self.recent().forget();
        self.bump();
    }

    fn bump(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn compare(&mut self, stands: Option<Standing>) {
        let stood = self.stood.replace(stands);
        if stood == Some(stands) {
            return;
        }
        // All that was added was appended here, and told.
        let is_known = match (stood, stands) {
            (Some(Some(before)), Some(now)) => {
                before == Standing { head: before.head, ..now }
                    && self.recent().head().is_some_and(|head| head >= now.head)
            }
            _ => false,
        };
        if !is_known {
            self.wake();
        }
    }
}

impl Watcher {
    /// Other processes say from now on when they write, so what is appended here is all there is until they do.
    pub(crate) fn is_rung(&self) {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).begin();
    }
}

impl Heard for Watcher {
    fn heard(&self, after: Seq) -> Option<Vec<Event>> {
        let appends = self.recent.lock().unwrap_or_else(PoisonError::into_inner).after(after)?;
        recent::events(&appends, after)
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
