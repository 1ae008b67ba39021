//! Workers: processes that hold instances under one lease that they renew.

use async_trait::async_trait;
use tenure_core::id::{Incarnation, WorkerId};
use tenure_core::lease::{Lease, Place, Term, Ttl};
use tenure_core::time::WallTime;
use tenure_core::worker::Serving;

use crate::{NoticeId, StoreError};

/// A store's short name for one start of a worker. It is never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerHandle(pub i64);

/// A worker that starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRequest {
    /// Its name. One live worker at a time has it.
    pub id: WorkerId,
    /// Which start of it this is. The same one may be registered again: the answer is the same.
    pub incarnation: Incarnation,
    /// Where it runs.
    pub place: Option<Place>,
    /// Whether it runs in another process than the one that registers it, and may live on when that is gone. Nothing but
    /// the end of its lease says that it is gone.
    pub is_elsewhere: bool,
    /// How long its lease holds after each renewal.
    pub ttl: Ttl,
    /// Whether it takes the place of a live worker of its name.
    pub replaces: bool,
    /// What it serves.
    pub serving: Serving,
}

/// A worker that is known from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    /// Its handle.
    pub worker: WorkerHandle,
    /// From when until when it is live.
    pub term: Term,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// It is known.
    Registered(Registered),
    /// A live worker has that name. Nothing was written.
    Live(Box<Worker>),
}

/// A worker that is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewWorker {
    /// The worker.
    pub worker: WorkerHandle,
    /// How often its loop went round. Where that does not grow, the worker is there but does nothing.
    pub progress: u64,
    /// Notices up to this one were taken in: they go.
    pub noticed: NoticeId,
}

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerRenewal {
    /// It is live for another ttl. One that was late is renewed too, as long as it is known: if somebody found it over
    /// by claiming meanwhile, its turns are fenced.
    Renewed(Term),
    /// It is known no more: it was retired, or replaced.
    Gone,
}

/// A worker as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its handle.
    pub worker: WorkerHandle,
    /// Who, under which incarnation, until when. Its fence is 0: each instance has its own.
    pub lease: Lease,
    /// Whether its process is gone for certain.
    pub is_gone: bool,
    /// How many instances it holds.
    pub instances: u64,
    /// How many keys it holds, live or not.
    pub pins: u64,
    /// How many tasks of others it runs.
    pub tasks: u64,
    /// What it serves.
    pub serving: Serving,
    /// When its loop was last known to have gone on.
    pub progressed_at: WallTime,
    /// Whether somebody wishes it to let go of everything.
    pub is_draining: bool,
}

/// How a worker is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissal {
    /// By itself: it gets nothing new, finishes what it can, lets go of the rest, and stops.
    Drain,
    /// At once: it holds nothing any more, and whatever it still does is refused.
    Evict,
}

/// A worker that somebody wishes to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismiss {
    /// Its name.
    pub id: WorkerId,
    /// How.
    pub how: Dismissal,
}

/// What became of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DismissOutcome {
    /// It is asked to go, or is gone: as it was then.
    Dismissed(Box<Worker>),
    /// No known worker has that name.
    NotFound,
}

/// Keeps workers and their leases.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Makes a worker known, live for one ttl.
    ///
    /// *Before:* no other incarnation of that name is live by the store's clock, unless its process is gone for
    /// certain or it is to be replaced.
    /// *Effect:* the worker is known; earlier incarnations of its name are not, and hold no instances and no tasks any
    /// more, as after their death. Their pins are this one's, at once.
    /// *Outcomes:* [`RegisterOutcome`].
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError>;

    /// Moves the end of a worker's lease to one ttl from now.
    ///
    /// *Effect:* the term, and what is known of its progress. *Outcomes:* [`WorkerRenewal`]. After any error it is asked for again.
    async fn renew_worker(&self, renewal: RenewWorker) -> Result<WorkerRenewal, StoreError>;

    /// Lets go of everything that a worker holds, and forgets the worker.
    ///
    /// *Effect:* what it held is free at once, as [`crate::InstanceStore::free`] leaves it: instances, tasks, which
    /// count no attempt, and pins. Again, it does nothing.
    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError>;

    /// Makes a worker go.
    ///
    /// *Effect:* one that is to drain is told by [`crate::Mailed::is_draining`], and claims nothing from then on:
    /// no instances, no tasks, no new keys. It keeps its keys until it retires. One
    /// that is evicted holds nothing any more, as after its death: other workers are woken, and its pins are free.
    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError>;

    /// Every worker that is known, oldest first.
    ///
    /// *Effect:* none.
    async fn workers(&self) -> Result<Vec<Worker>, StoreError>;
}
