//! Saved values, without the values.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::checkpoint::{self, Content};
use tenure_core::id::{CheckpointId, Seq, SessionId};
use utoipa::ToSchema;

use crate::document::{given, hex, present, taken, unhex};
use crate::time::Instant;
use crate::unreadable::{Unreadable, name};
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

    /// The checkpoint that it is the form of. Which file one is a version of is not told, so that such a one cannot be
    /// read.
    ///
    /// # Errors
    /// [`Unreadable`] when a name in it cannot be one, or a word is not known.
    pub fn read(self) -> Result<checkpoint::Checkpoint, Unreadable> {
        let content = match self.content.read("content")? {
            ContentKind::Record => Content::Record,
            ContentKind::Given => Content::Given,
            ContentKind::File => {
                return Err(Unreadable::form("content", "told in full: it is a version of a file"));
            }
        };
        let sha256 =
            unhex(&self.sha256).ok_or_else(|| Unreadable::form("sha256", "32 bytes in hexadecimal"))?;
        Ok(checkpoint::Checkpoint {
            id: name("id", &self.id, CheckpointId::parse)?,
            session: name("session", &self.session, SessionId::parse)?,
            seq: Seq(self.seq),
            created_at: self.created_at.0,
            reason: self.reason,
            metadata: self.metadata.as_ref().map(taken),
            content,
            encoding: self.encoding.read("encoding")?,
            original_size: self.original_size,
            stored_size: self.stored_size,
            sha256,
        })
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

    /// Its id, the position of its event, and what was found.
    ///
    /// # Errors
    /// [`Unreadable`] when no checkpoint can be called so.
    pub fn read(self) -> Result<(CheckpointId, Seq, String), Unreadable> {
        Ok((name("id", &self.id, CheckpointId::parse)?, Seq(self.seq), self.damaged))
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

    /// Its id, and what was found.
    ///
    /// # Errors
    /// [`Unreadable`] when no checkpoint can be called so.
    pub fn read(self) -> Result<(CheckpointId, String), Unreadable> {
        Ok((name("id", &self.id, CheckpointId::parse)?, self.damaged))
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
