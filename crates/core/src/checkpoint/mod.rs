//! Checkpoints: saved resumable values, who may make them, and what bringing one back does.

mod file;
mod fork;
mod permit;
mod record;
mod restore;
mod retention;
#[cfg(test)]
mod tests;

pub use file::{FileAction, FileVersion};
pub use fork::Fork;
pub use permit::{Permit, permit};
pub use record::Record;
pub use restore::Restore;
pub use retention::{Kept, keep};

use crate::event::EventBody;
use crate::id::{CheckpointId, Seq, SessionId};
use crate::time::WallTime;

/// Why a pause saves a session's record. Nobody else may say so of the record: going on relies on it.
pub const PAUSE_REASON: &str = "pause";

/// What a payload is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// The session's own record, as JSON: bringing it back changes the session.
    Record,
    /// Whatever its maker gave: bringing it back is its maker's work.
    Given,
    /// A version of a file that the owner's work has changed. Lists of checkpoints leave these out.
    File(FileVersion),
}

/// How a payload is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// Compressed.
    Zstd,
}

impl Encoding {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zstd => "zstd",
        }
    }
}

/// A saved resumable value, without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Its id.
    pub id: CheckpointId,
    /// The session that it was made of: a fork shows its parent's.
    pub session: SessionId,
    /// The position of its event in that session's log.
    pub seq: Seq,
    /// When it was made, by the store's wall clock.
    pub created_at: WallTime,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// What its maker wants to know of it: JSON text that was checked where it came in.
    pub metadata: Option<String>,
    /// What its payload is.
    pub content: Content,
    /// How its payload is stored.
    pub encoding: Encoding,
    /// The payload's size in bytes.
    pub original_size: u64,
    /// The size of what is stored of it, in bytes.
    pub stored_size: u64,
    /// SHA-256 of the payload, before it was compressed.
    pub sha256: [u8; 32],
}

impl Content {
    /// The event that tells of a value's being saved as `id`.
    #[must_use]
    pub fn told(
        &self,
        id: CheckpointId,
        reason: Option<String>,
        (size, sha256): (u64, &[u8; 32]),
    ) -> EventBody {
        match self {
            Self::Record | Self::Given => EventBody::CheckpointCreated { id, reason, size },
            Self::File(version) => version.told(sha256),
        }
    }
}

/// Why something about a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckpointRefusal {
    /// The session has no such checkpoint.
    NotFound {
        /// The session.
        session: SessionId,
        /// The checkpoint.
        id: CheckpointId,
    },
    /// The session has no checkpoint at all.
    None {
        /// The session.
        session: SessionId,
    },
    /// The payload is larger than a checkpoint may be.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The most that is allowed.
        max: u64,
        /// Its largest parts by name, largest first, if it has any.
        largest: Vec<(String, u64)>,
    },
    /// The reason that a pause gives for saving a record was given by somebody else.
    PauseReason,
    /// A fork begins with positions that its parent has not reached.
    Beyond {
        /// The parent.
        session: SessionId,
        /// The last position that was asked for.
        at: Seq,
        /// The parent's newest position.
        head: Seq,
    },
}
