//! Saved values, without the values.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::checkpoint::{self, Content};
use tenure_core::id::{CheckpointId, Seq};
use utoipa::ToSchema;

use crate::document::{given, hex, present};
use crate::time::Instant;
use crate::word::{EncodingWord, Named, Word};

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentKind {
    /// The session's own record.
    Record,
    /// Whatever its maker gave.
    Given,
    /// A version of a file.
    File,
}

/// What a payload is, as it is read.
pub type ContentWord = Named<ContentKind>;

impl Word for ContentKind {
    const TITLE: &'static str = "ContentKind";
    const ALL: &'static [Self] = &[Self::Record, Self::Given, Self::File];

    fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Given => "given",
            Self::File => "file",
        }
    }
}

impl From<&Content> for ContentKind {
    fn from(content: &Content) -> Self {
        match content {
            Content::Record => Self::Record,
            Content::Given => Self::Given,
            Content::File(_) => Self::File,
        }
    }
}

/// A saved value, without the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    /// Its id.
    pub id: String,
    /// The session that it was made of: a fork shows its parent's.
    pub session: String,
    /// The position of its event in that session's log.
    pub seq: u64,
    /// When it was made.
    pub created_at: Instant,
    /// What its payload is.
    pub content: ContentWord,
    /// How its payload is stored.
    pub encoding: EncodingWord,
    /// The payload's size in bytes.
    pub original_size: u64,
    /// The size of what is stored of it, in bytes.
    pub stored_size: u64,
    /// SHA-256 of the payload, before it was compressed, in hexadecimal.
    pub sha256: String,
    /// Why it was made, if somebody said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What its maker wants to know of it: any value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

impl Checkpoint {
    /// The form of `checkpoint`.
    #[must_use]
    pub fn of(checkpoint: &checkpoint::Checkpoint) -> Self {
        Self {
            id: checkpoint.id.as_str().to_owned(),
            session: checkpoint.session.as_str().to_owned(),
            seq: checkpoint.seq.0,
            created_at: checkpoint.created_at.into(),
            content: ContentKind::from(&checkpoint.content).into(),
            encoding: checkpoint.encoding.into(),
            original_size: checkpoint.original_size,
            stored_size: checkpoint.stored_size,
            sha256: hex(&checkpoint.sha256),
            reason: checkpoint.reason.clone(),
            metadata: checkpoint.metadata.as_deref().map(given),
        }
    }
}

/// One that cannot be read any more. Its neighbours can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DamagedCheckpoint {
    /// Its id.
    pub id: String,
    /// The position of its event.
    pub seq: u64,
    /// What was found.
    pub damaged: String,
}

impl DamagedCheckpoint {
    /// The one of that id, of which `what` was found.
    #[must_use]
    pub fn of(id: &CheckpointId, seq: Seq, what: &str) -> Self {
        Self { id: id.as_str().to_owned(), seq: seq.0, damaged: what.to_owned() }
    }
}

/// One of many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ListedCheckpoint {
    /// Not even what it is can be read any more.
    Damaged(DamagedCheckpoint),
    /// As it was made. Whether its payload is what was saved is seen when that is read.
    Readable(Checkpoint),
}

/// A newer one that was passed over, because it is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    /// Its id.
    pub id: String,
    /// What was found.
    pub damaged: String,
}

impl Skipped {
    /// The one of that id, of which `what` was found.
    #[must_use]
    pub fn of(id: &CheckpointId, what: &str) -> Self {
        Self { id: id.as_str().to_owned(), damaged: what.to_owned() }
    }
}

/// One whose payload was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShownCheckpoint {
    /// It.
    #[serde(flatten)]
    pub checkpoint: Checkpoint,
    /// Whether its payload is what was saved.
    pub intact: bool,
    /// Newer ones that were passed over.
    pub skipped: Vec<Skipped>,
}
