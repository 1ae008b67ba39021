//! Which sessions changed, for whoever follows all of them.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tenure_core::id::Seq;
use tokio::sync::Notify;

use crate::{Handle, StoreError};

/// Most sessions that are kept for somebody who does not ask; more become [`Changed::Any`].
const KEPT_MAX: usize = 4096;

/// What changed since this was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// These sessions; some of them may be as they were.
    These(Vec<Handle>),
    /// Any may have: too many changed to be kept, or another process wrote and did not say what.
    Any,
}

/// Where a session's log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The session.
    pub handle: Handle,
    /// The position of the newest event in its log.
    pub seq: Seq,
    /// Up to which position its log is that of the session that it was forked from.
    pub shared: Seq,
}

/// Tells which sessions changed.
#[derive(Debug)]
pub struct Changes {
    kept: Arc<Kept>,
    _alive: Box<dyn Alive>,
}

/// What keeps a feed going for as long as somebody listens.
pub trait Alive: Debug + Send + Sync {}

impl<T: Debug + Send + Sync> Alive for T {}

impl Changes {
    /// Waits until something changed since the last call, or since this began.
    ///
    /// It may tell of what did not change, never be silent about what did. Reading after it finds what was written. A
    /// call that is given up loses nothing.
    ///
    /// # Errors
    /// [`StoreError::Closed`] when the store was closed.
    pub async fn next(&mut self) -> Result<Changed, StoreError> {
        loop {
            if let Some(changed) = self.kept.take() {
                return changed;
            }
            self.kept.news.notified().await;
        }
    }
}

/// Everybody to whom a store tells which sessions changed.
#[derive(Debug, Default)]
pub struct Feed(Mutex<Listeners>);

#[derive(Debug, Default)]
struct Listeners {
    kept: Vec<Weak<Kept>>,
    is_closed: bool,
}

/// What one listener is to be told.
#[derive(Debug, Default)]
struct Kept {
    news: Notify,
    untold: Mutex<Untold>,
}

#[derive(Debug, Default)]
struct Untold {
    these: BTreeSet<Handle>,
    is_any: bool,
    is_closed: bool,
}

impl Feed {
    /// Begins to tell: everything from now on. `alive` is kept for as long as somebody listens.
    #[must_use]
    pub fn listen(&self, alive: Box<dyn Alive>) -> Changes {
        let kept = Arc::new(Kept::default());
        let mut listeners = self.listeners();
        listeners.kept.push(Arc::downgrade(&kept));
        kept.untold().is_closed = listeners.is_closed;
        drop(listeners);
        Changes { kept, _alive: alive }
    }

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.listeners().kept.iter().any(|kept| kept.strong_count() > 0)
    }

    /// These sessions changed.
    pub fn tell(&self, changed: impl Iterator<Item = Handle> + Clone) {
        self.each(|untold| {
            if !untold.is_any {
                untold.these.extend(changed.clone());
            }
            if untold.these.len() > KEPT_MAX {
                untold.any();
            }
        });
    }

    /// Any session may have changed.
    pub fn tell_any(&self) {
        self.each(Untold::any);
    }

    /// Tells no more: the store is closed.
    pub fn close(&self) {
        self.listeners().is_closed = true;
        self.each(|untold| untold.is_closed = true);
    }

    fn each(&self, mut change: impl FnMut(&mut Untold)) {
        self.listeners().kept.retain(|kept| {
            let Some(kept) = kept.upgrade() else { return false };
            change(&mut kept.untold());
            kept.news.notify_one();
            true
        });
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Result<Changed, StoreError>> {
        let mut untold = self.untold();
        if untold.is_closed {
            return Some(Err(StoreError::Closed));
        }
        if std::mem::take(&mut untold.is_any) {
            return Some(Ok(Changed::Any));
        }
        let these = std::mem::take(&mut untold.these);
        (!these.is_empty()).then(|| Ok(Changed::These(these.into_iter().collect())))
    }
}

impl Untold {
    fn any(&mut self) {
        self.these.clear();
        self.is_any = true;
    }
}

#[cfg(test)]
mod tests;
