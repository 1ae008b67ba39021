//! The stored form of a checkpoint, without its payload.

use prost::Message;
use tenure_core::checkpoint::{Checkpoint, Content, FileVersion};
use tenure_core::id::{CheckpointId, Seq};
use tenure_core::time::WallTime;

use super::body::session_id;
use super::code::{encoding_code, encoding_of, file_action_code, file_action_of};
use super::corrupt;
use crate::StoreError;

#[derive(Clone, PartialEq, Message)]
struct CheckpointRecord {
    #[prost(string, tag = "1")]
    session: String,
    #[prost(uint64, tag = "2")]
    created_at: u64,
    #[prost(string, optional, tag = "3")]
    reason: Option<String>,
    #[prost(string, optional, tag = "4")]
    metadata: Option<String>,
    #[prost(int32, tag = "5")]
    content: i32,
    #[prost(int32, tag = "6")]
    encoding: i32,
    #[prost(uint64, tag = "7")]
    original_size: u64,
    #[prost(uint64, tag = "8")]
    stored_size: u64,
    #[prost(bytes = "vec", tag = "9")]
    sha256: Vec<u8>,
    #[prost(message, optional, tag = "10")]
    file: Option<FileRecord>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct FileRecord {
    #[prost(string, tag = "1")]
    path: String,
    #[prost(int32, tag = "2")]
    action: i32,
    #[prost(uint64, tag = "3")]
    size: u64,
    #[prost(bool, tag = "4")]
    is_kept: bool,
}

const RECORD: i32 = 1;
const GIVEN: i32 = 2;
const FILE: i32 = 3;

fn content_record(content: &Content) -> (i32, Option<FileRecord>) {
    match content {
        Content::Record => (RECORD, None),
        Content::Given => (GIVEN, None),
        Content::File(FileVersion { path, action, size, is_kept }) => {
            let (path, action) = (path.clone(), file_action_code(*action));
            (FILE, Some(FileRecord { path, action, size: *size, is_kept: *is_kept }))
        }
    }
}

fn content_of(code: i32, file: Option<FileRecord>) -> Result<Content, StoreError> {
    match (code, file) {
        (RECORD, None) => Ok(Content::Record),
        (GIVEN, None) => Ok(Content::Given),
        (FILE, Some(FileRecord { path, action, size, is_kept })) => {
            Ok(Content::File(FileVersion { path, action: file_action_of(action)?, size, is_kept }))
        }
        (code, _) => Err(corrupt(format!("{code} is no content"))),
    }
}

/// What has no column of its own: everything but the id and the position.
#[must_use]
pub fn encode_checkpoint(checkpoint: &Checkpoint) -> Vec<u8> {
    let (content, file) = content_record(&checkpoint.content);
    let record = CheckpointRecord {
        session: checkpoint.session.as_str().to_owned(),
        created_at: checkpoint.created_at.epoch_ms(),
        reason: checkpoint.reason.clone(),
        metadata: checkpoint.metadata.clone(),
        content,
        encoding: encoding_code(checkpoint.encoding),
        original_size: checkpoint.original_size,
        stored_size: checkpoint.stored_size,
        sha256: checkpoint.sha256.to_vec(),
        file,
    };
    record.encode_to_vec()
}

/// A checkpoint from its stored parts.
///
/// # Errors
/// [`StoreError::Corrupt`] when they do not make one.
pub fn decode_checkpoint(id: CheckpointId, seq: Seq, bytes: &[u8]) -> Result<Checkpoint, StoreError> {
    let record = CheckpointRecord::decode(bytes)
        .map_err(|why| corrupt(format!("checkpoint {id} cannot be read: {why}")))?;
    let length = record.sha256.len();
    let sha256 = <[u8; 32]>::try_from(record.sha256)
        .map_err(|_bytes| corrupt(format!("the hash of checkpoint {id} has {length} bytes, not 32")))?;
    Ok(Checkpoint {
        id,
        session: session_id(&record.session)?,
        seq,
        created_at: WallTime::from_epoch_ms(record.created_at),
        reason: record.reason,
        metadata: record.metadata,
        content: content_of(record.content, record.file)?,
        encoding: encoding_of(record.encoding)?,
        original_size: record.original_size,
        stored_size: record.stored_size,
        sha256,
    })
}

/// A checkpoint's id that was accepted when it was written.
pub(super) fn checkpoint_id(text: &str) -> Result<CheckpointId, StoreError> {
    CheckpointId::parse(text).map_err(|why| corrupt(format!("checkpoint id is not a name: {why:?}")))
}
