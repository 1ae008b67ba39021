//! Bringing a checkpoint back.

use super::Record;
use crate::id::CheckpointId;

/// Bring a checkpoint back. Its payload was read and is what was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restore {
    /// Which.
    pub id: CheckpointId,
    /// What it says of the session itself, if it does.
    pub record: Option<Record>,
}
