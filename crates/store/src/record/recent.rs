//! The stored form of the names of a folded log's latest appends.

use prost::Message;
use tenure_core::id::{CommitId, Seq};

use super::{corrupt, sixteen};
use crate::StoreError;

/// An append or a commit that wrote to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Append {
    /// Its name.
    pub id: CommitId,
    /// The position of its first event.
    pub first: Seq,
    /// The position of its last one.
    pub last: Seq,
}

#[derive(Clone, PartialEq, Message)]
struct RecentRecord {
    #[prost(message, repeated, tag = "1")]
    appends: Vec<AppendRecord>,
}

#[derive(Clone, PartialEq, Message)]
struct AppendRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(uint64, tag = "2")]
    first: u64,
    #[prost(uint64, tag = "3")]
    last: u64,
}

/// The latest appends of a log, oldest first.
#[must_use]
pub fn encode_recent(appends: &[Append]) -> Vec<u8> {
    let record = |append: &Append| AppendRecord {
        id: append.id.0.to_vec(),
        first: append.first.0,
        last: append.last.0,
    };
    RecentRecord { appends: appends.iter().map(record).collect() }.encode_to_vec()
}

/// The latest appends of a log, from their stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn decode_recent(bytes: &[u8]) -> Result<Vec<Append>, StoreError> {
    let record = RecentRecord::decode(bytes)
        .map_err(|why| corrupt(format!("latest appends cannot be read: {why}")))?;
    let append = |append: &AppendRecord| {
        let id = CommitId(sixteen(&append.id, "the name of an append")?);
        Ok(Append { id, first: Seq(append.first), last: Seq(append.last) })
    };
    record.appends.iter().map(append).collect()
}
