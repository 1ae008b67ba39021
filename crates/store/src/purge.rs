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
    /// There is no such session.
    NotFound,
}

/// Removes sessions.
#[async_trait]
pub trait PurgeStore: Send + Sync {
    /// Removes an ended session with its lease and its log.
    ///
    /// *Before:* the session has ended. *Effect:* it is gone at once and as a whole, by id, handle, slot and in
    /// every list, and whoever watches it is woken. Its slot keeps its counters and shows the newest session
    /// that is left. Sessions that were created for it stay, and say that their parent was deleted. Its handle
    /// is never given out again; its id may be. A long log's room is given back bit by bit: see
    /// [`PurgeStore::reclaim`]. *Outcomes:* [`PurgeOutcome`]; `Purged` is durable.
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError>;

    /// Gives back a bounded part of the room that purged sessions took.
    ///
    /// *Effect:* none that readers see. The write lock is held for a bounded time, however long the log was.
    /// *Outcomes:* whether more is left.
    async fn reclaim(&self) -> Result<bool, StoreError>;
}
