//! What a program may want to know of its worker.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tenure_core::id::{AffinityKey, Fence, Namespace};

/// What a program may want to know of its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerNews {
    /// Somebody else has this key now: what is kept for it in memory is of no use.
    KeyLost {
        /// The tenant.
        namespace: Namespace,
        /// The key.
        key: AffinityKey,
        /// The fence under which the worker had it.
        fence: Fence,
    },
    /// Two thirds of the ttl have passed without a renewal of the worker's lease. Attempts go on; soon nothing new is
    /// begun.
    Jeopardy,
    /// The lease was renewed after all.
    Safe,
    /// The lease is over, and the worker begins as another start of itself. What it ran is somebody else's.
    Over,
    /// Somebody wishes the worker to go. It finishes what it can, and stops.
    Draining,
}

/// Whom a worker tells what happens to it. It is called between two steps of the worker, so it must not block.
#[derive(Clone)]
pub struct Hook(Arc<dyn Fn(WorkerNews) + Send + Sync>);

impl Hook {
    /// Calls this.
    pub fn new(call: impl Fn(WorkerNews) + Send + Sync + 'static) -> Self {
        Self(Arc::new(call))
    }

    /// Tells it. A hook that panics harms nobody but itself.
    pub fn call(&self, news: WorkerNews) {
        drop(catch_unwind(AssertUnwindSafe(|| (self.0)(news))));
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}
