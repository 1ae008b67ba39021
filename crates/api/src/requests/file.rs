//! Versions of files that an owner's work has changed.

use serde::{Deserialize, Serialize};
use tenure_core::checkpoint::FileAction;
use utoipa::ToSchema;

/// What has become of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordFile {
    /// Which file: a path from the directory that is watched.
    pub path: String,
    /// What has become of it.
    pub action: Became,
    /// Its size in bytes; 0 when it is gone.
    #[serde(default)]
    pub size: u64,
    /// Its content as base64, if that is to be kept: of `size` bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
}

/// What may become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// It is new.
    Created,
    /// It has another content.
    Modified,
    /// It is gone.
    Deleted,
}

impl From<Became> for FileAction {
    fn from(became: Became) -> Self {
        match became {
            Became::Created => Self::Created,
            Became::Modified => Self::Modified,
            Became::Deleted => Self::Deleted,
        }
    }
}

impl From<FileAction> for Became {
    fn from(action: FileAction) -> Self {
        match action {
            FileAction::Created => Self::Created,
            FileAction::Modified => Self::Modified,
            FileAction::Deleted => Self::Deleted,
        }
    }
}
