//! Checkpoints, and their payloads in pieces.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenure_core::checkpoint::{Checkpoint, Content, Encoding, FileAction, FileVersion};
use tenure_core::id::{CheckpointId, Seq, SessionId};

use super::lines::parse;
use super::scalar::{At, hex, name, unhex};
use crate::FlawKind;
use crate::read::wrong;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckpointForm {
    line: String,
    id: String,
    session: String,
    seq: u64,
    created_at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileForm>,
    size: u64,
    sha256: String,
    pieces: u64,
}

/// Which file a version is of. Its content is the payload, if it is kept.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    path: String,
    action: String,
    size: u64,
    kept: bool,
}

impl FileForm {
    fn of(version: &FileVersion) -> Self {
        let FileVersion { path, action, size, is_kept } = version;
        Self { path: path.clone(), action: action.name().to_owned(), size: *size, kept: *is_kept }
    }

    fn read(self) -> Result<FileVersion, FlawKind> {
        let action = match self.action.as_str() {
            "created" => FileAction::Created,
            "modified" => FileAction::Modified,
            "deleted" => FileAction::Deleted,
            _ => return Err(wrong("what became of the file is not a known action")),
        };
        Ok(FileVersion { path: self.path, action, size: self.size, is_kept: self.kept })
    }
}

impl CheckpointForm {
    pub(crate) fn of(checkpoint: &Checkpoint, pieces: usize) -> Self {
        let (content, file) = match &checkpoint.content {
            Content::Record => ("record", None),
            Content::Given => ("given", None),
            Content::File(version) => ("file", Some(FileForm::of(version))),
        };
        Self {
            line: "checkpoint".to_owned(),
            id: checkpoint.id.as_str().to_owned(),
            session: checkpoint.session.as_str().to_owned(),
            seq: checkpoint.seq.0,
            created_at: At(checkpoint.created_at),
            reason: checkpoint.reason.clone(),
            metadata: checkpoint.metadata.clone(),
            content: content.to_owned(),
            file,
            size: checkpoint.original_size,
            sha256: hex(&checkpoint.sha256),
            pieces: pieces as u64,
        }
    }

    /// The checkpoint, and how many pieces follow. How it is stored is for whoever stores it to say.
    pub(crate) fn read(json: &[u8]) -> Result<(Checkpoint, u64), FlawKind> {
        let form: Self = parse(json)?;
        let content = match (form.content.as_str(), form.file) {
            ("record", None) => Content::Record,
            ("given", None) => Content::Given,
            ("file", Some(file)) => Content::File(file.read()?),
            _ => return Err(wrong("its content is not a known one")),
        };
        let checkpoint = Checkpoint {
            id: name("checkpoint", &form.id, CheckpointId::parse)?,
            session: name("session", &form.session, SessionId::parse)?,
            seq: Seq(form.seq),
            created_at: form.created_at.0,
            reason: form.reason,
            metadata: form.metadata,
            content,
            encoding: Encoding::Plain,
            original_size: form.size,
            stored_size: form.size,
            sha256: unhex("hash", &form.sha256)?,
        };
        Ok((checkpoint, form.pieces))
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PieceForm {
    line: String,
    base64: String,
}

impl PieceForm {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { line: "piece".to_owned(), base64: STANDARD.encode(bytes) }
    }

    pub(crate) fn read(json: &[u8]) -> Result<Vec<u8>, FlawKind> {
        let form: Self = parse(json)?;
        STANDARD.decode(form.base64).map_err(|why| wrong(format!("its bytes: {why}")))
    }
}
