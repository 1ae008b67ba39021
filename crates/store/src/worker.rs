//! Workers: processes that hold instances under one lease that they renew.

use async_trait::async_trait;
use tenure_core::id::{Incarnation, WorkerId};
use tenure_core::lease::{Lease, Place, Term, Ttl};

use crate::StoreError;

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
    /// How long its lease holds after each renewal.
    pub ttl: Ttl,
    /// Whether it takes the place of a live worker of its name.
    pub replaces: bool,
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
}

/// Keeps workers and their leases.
#[async_trait]
pub trait WorkerStore: Send + Sync {
    /// Makes a worker known, live for one ttl.
    ///
    /// *Before:* no other incarnation of that name is live by the store's clock, unless its process is gone for
    /// certain or it is to be replaced.
    /// *Effect:* the worker is known; earlier incarnations of its name are not, and hold nothing any more.
    /// *Outcomes:* [`RegisterOutcome`].
    async fn register(&self, request: RegisterRequest) -> Result<RegisterOutcome, StoreError>;

    /// Moves the end of a worker's lease to one ttl from now.
    ///
    /// *Effect:* the term alone. *Outcomes:* [`WorkerRenewal`]. After any error it is asked for again.
    async fn renew_worker(&self, worker: WorkerHandle) -> Result<WorkerRenewal, StoreError>;

    /// Lets go of everything that a worker holds, and forgets the worker.
    ///
    /// *Effect:* what it held is free at once, as [`crate::InstanceStore::free`] leaves it. Again, it does nothing.
    async fn retire(&self, worker: WorkerHandle) -> Result<(), StoreError>;

    /// Every worker that is known, oldest first.
    ///
    /// *Effect:* none.
    async fn workers(&self) -> Result<Vec<Worker>, StoreError>;
}
