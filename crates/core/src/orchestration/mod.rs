//! Orchestrations: which code drives a session, what its history says, and how it ends.

mod failure;
mod history;
mod life;
mod message;
mod retry;
mod version;

pub use failure::{Cause, Failure};
pub use history::{Activity, Child, HistoryEvent, ParentLink, Signal, Start};
pub use life::{End, Opening, end, go_on, open, start};
pub use message::{Mail, Message, MessageId};
pub use retry::{Backoff, RetryPolicy};
pub use version::Version;

use crate::id::CodeName;

/// Bytes that callers and their code give each other. Tenure does not look into them.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Payload(pub Vec<u8>);

impl std::fmt::Debug for Payload {
    /// Its text where it is one; it may be long, and it may be secret, so it is shortened.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 64;
        let shown = self.0.get(..SHOWN).unwrap_or(&self.0);
        write!(f, "{:?}", String::from_utf8_lossy(shown))?;
        if shown.len() < self.0.len() { write!(f, "… ({} bytes)", self.0.len()) } else { Ok(()) }
    }
}

/// Which code drives a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The orchestration's name.
    pub name: CodeName,
    /// The version that this execution began with, and keeps.
    pub version: Version,
    /// Which execution it is, from 1: continuing as new begins the next one.
    pub number: u64,
    /// What the orchestration last said of itself.
    pub status: Option<String>,
    /// How often that became something else.
    pub status_changes: u64,
}
