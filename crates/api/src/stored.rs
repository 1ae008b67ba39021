//! What is stored, and small answers to writes of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::checkpoint::Checkpoint;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tenant {
    /// Its namespace.
    pub name: String,
}

/// What a session takes: what its removal would give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Weight {
    /// Events that are kept.
    pub events: u64,
    /// Bytes that its log takes as it is stored.
    pub bytes: u64,
}

/// A request that is in a session's log, for its owner to carry out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerAsked {
    /// Where it is in the log; `null`: what was asked for had been done before.
    #[schema(required = true)]
    pub seq: Option<u64>,
}

/// A checkpoint that is durable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SavedCheckpoint {
    /// It.
    #[serde(flatten)]
    pub checkpoint: Checkpoint,
    /// How many older ones were removed for it.
    pub removed: u64,
}
