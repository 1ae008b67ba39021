//! Versions of files that a session's work has changed.

use serde::{Deserialize, Serialize};
use tenure_core::checkpoint::{self, FileAction, FileVersion};
use tenure_core::id::Seq;
use utoipa::ToSchema;

use crate::document::hex;
use crate::time::Instant;
use crate::word::{Named, Word};

/// What has become of a file, as it is read.
pub type FileActionWord = Named<FileAction>;

impl Word for FileAction {
    const TITLE: &'static str = "FileAction";
    const ALL: &'static [Self] = &[Self::Created, Self::Modified, Self::Deleted];

    fn word(self) -> &'static str {
        self.name()
    }
}

/// A version of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct File {
    /// Which file: a path from the directory that was watched.
    pub path: String,
    /// What had become of it.
    pub action: FileActionWord,
    /// The position of its event in the session's log.
    pub seq: u64,
    /// When it was recorded.
    pub at: Instant,
    /// Its size in bytes, unless it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Whether its content is kept: large ones are not. Nothing where it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
    /// SHA-256 of its content, in hexadecimal, where that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl File {
    /// The form of a version of a file, and of the checkpoint that it is.
    #[must_use]
    pub fn of(checkpoint: &checkpoint::Checkpoint, version: &FileVersion) -> Self {
        let is_there = version.action != FileAction::Deleted;
        Self {
            path: version.path.clone(),
            action: version.action.into(),
            seq: checkpoint.seq.0,
            at: checkpoint.created_at.into(),
            size: is_there.then_some(version.size),
            kept: is_there.then_some(version.is_kept),
            sha256: (is_there && version.is_kept).then(|| hex(&checkpoint.sha256)),
        }
    }
}

/// A version of which not even what it is can be read any more. Its neighbours can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DamagedFile {
    /// Which file.
    pub path: String,
    /// The position of its event.
    pub seq: u64,
    /// What was found.
    pub damaged: String,
}

impl DamagedFile {
    /// The version of that file at that position, of which `what` was found.
    #[must_use]
    pub fn of(path: &str, seq: Seq, what: &str) -> Self {
        Self { path: path.to_owned(), seq: seq.0, damaged: what.to_owned() }
    }
}

/// One of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ListedFile {
    /// Not even what it is can be read any more.
    Damaged(DamagedFile),
    /// As it was recorded.
    Readable(File),
}
