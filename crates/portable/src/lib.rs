//! A session with its log as lines of JSON, which another store can take in.
//!
//! The first line says what it is (`header`), the second is the session (`record`), then come its events in order
//! (`event`) and its checkpoints (`checkpoint`, and `piece` for each part of its payload), and the last line (`end`)
//! counts and sums up what is before it. Each line ends with a checksum of its own, so that what was altered is found
//! where it was altered; the hash in the last line is of all lines before it, so that none can be missing, doubled or
//! exchanged. Nothing depends on when or where it was written: the same
//! session is always the same bytes.
//!
//! Nothing here opens a file. Kinds of lines that are not known are refused: what they say would be lost.
#![deny(missing_docs, clippy::wildcard_enum_match_arm, clippy::iter_over_hash_type)]

mod flaw;
mod form;
mod line;
mod read;
mod write;

use tenure_core::id::{Namespace, Seq, SessionId};
use tenure_core::session::{Counters, Session};

pub use flaw::{Flaw, FlawKind};
pub use line::LINE_BYTES_MAX;
pub use read::{Item, Reader};
pub use write::Writer;

/// What every file of this form says of itself.
pub const FORMAT: &str = "tenure-session";

/// The one version that is known.
pub const VERSION: u64 = 1;

/// What is said first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The session's id.
    pub session: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// The position of the first event.
    pub earliest: Seq,
    /// The position of the last one; one less than the first where there is none.
    pub last: Seq,
}

impl Header {
    /// How many events there are.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.last.0.saturating_add(1).saturating_sub(self.earliest.0)
    }
}

/// A session without its log, and without its holder: who holds it is a matter of where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The session.
    pub session: Session,
    /// The counters of its slot, if it has a key.
    pub slot: Option<Counters>,
}

/// What is said last, and what names the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// How many events there were.
    pub events: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// How many lines, this one included.
    pub lines: u64,
    /// The SHA-256 of all lines before this one.
    pub sha256: [u8; 32],
}
