//! Removing what has ended.

use async_trait::async_trait;

use crate::{Handle, StoreError};

/// What became of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurgeOutcome {
    /// The session is not there any more.
    Purged,
    /// It is open. Nothing was written.
    NotEnded,
    /// Somebody wants it kept. Nothing was written.
    Retained,
    /// It is on its way to another store, and has not arrived. Nothing was written.
    OnItsWay,
    /// There is no such session.
    NotFound,
}

/// What a session takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Events that are kept.
    pub events: u64,
    /// Bytes that its log takes as it is stored.
    pub bytes: u64,
}

/// Removes sessions.
#[async_trait]
pub trait PurgeStore: Send + Sync {
    /// Removes an ended session with its lease and its log.
    ///
    /// *Before:* the session has ended, nobody wants it kept, and it is not on its way to another store, all of it
    /// judged in the transaction that removes it. *Effect:* it is gone at once and as a whole, by id, handle, slot and in
    /// every list, and whoever watches it is woken. Its slot keeps its counters and shows the newest session
    /// that is left. Sessions that were created for it stay, and say that their parent was deleted. Its handle
    /// is never given out again; its id may be. A long log's room is given back bit by bit: see
    /// [`PurgeStore::reclaim`]. *Outcomes:* [`PurgeOutcome`]; `Purged` is durable.
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError>;

    /// What a session takes, that is, what its purge would give back; nothing where there is no such session.
    ///
    /// *Effect:* none.
    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError>;

    /// Gives back a bounded part of the room that purged sessions took, and that sessions take which somebody
    /// began to bring in and went on with no more.
    ///
    /// *Effect:* none that readers see. The write lock is held for a bounded time, however long the log was.
    /// *Outcomes:* whether more is left.
    async fn reclaim(&self) -> Result<bool, StoreError>;
}
