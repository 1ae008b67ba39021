//! The stored form of many appends together: one compressed chunk of a log.
//!
//! A chunk begins with the version of its form. Version 1: the length of the content in four bytes, little
//! endian, then a Zstandard frame with a checksum. The content is a Protocol Buffers message with the stored
//! appends as they were, each with its number of events, so that a reader decodes only those it wants.

use prost::Message;
use tenure_core::event::Event;
use tenure_core::id::Seq;

use super::corrupt;
use super::events::{decode_events, keep_events, skip_events};
use crate::StoreError;

/// The one form that is known.
const VERSION: u8 = 1;
/// The version and the length.
const HEADER_BYTES: usize = 5;
/// Longest content that is believed: nothing that writes chunks makes larger ones.
const CONTENT_BYTES_MAX: usize = 64 << 20;
/// Where more effort brings little.
const LEVEL: i32 = 3;

/// The stored events of one append.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Batch {
    /// How many events.
    #[prost(uint64, tag = "1")]
    pub count: u64,
    /// The events, encoded and sealed.
    #[prost(bytes = "vec", tag = "2")]
    pub bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ChunkRecord {
    #[prost(message, repeated, tag = "1")]
    batches: Vec<Batch>,
}

/// A chunk that was taken apart, its events not decoded yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    first: Seq,
    batches: Vec<Batch>,
}

/// Consecutive appends as one chunk.
///
/// # Errors
/// [`StoreError::Unavailable`] when there is no memory for it.
pub fn encode_chunk(batches: Vec<Batch>) -> Result<Vec<u8>, StoreError> {
    let content = ChunkRecord { batches }.encode_to_vec();
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= CONTENT_BYTES_MAX);
    let length = length.ok_or_else(|| unavailable("they are too large for one chunk"))?;
    let mut bytes = vec![VERSION];
    bytes.extend(length.to_le_bytes());
    bytes.extend(compress(&content).map_err(unavailable)?);
    Ok(bytes)
}

fn compress(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    compressor.compress(content)
}

impl Chunk {
    /// Takes a chunk apart, whose first event has position `first`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when that is not what the bytes are.
    pub fn decode(first: Seq, bytes: &[u8]) -> Result<Self, StoreError> {
        let broken =
            |why: &dyn std::fmt::Display| corrupt(format!("the chunk from {first} cannot be read: {why}"));
        let Some((header, frame)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(broken(&"it is cut off"));
        };
        let [version, length @ ..] = header;
        if *version != VERSION {
            return Err(broken(&format_args!("its form {version} is unknown")));
        }
        let length = u32::from_le_bytes(*length) as usize;
        if length > CONTENT_BYTES_MAX {
            return Err(broken(&"its length cannot be"));
        }
        let content = zstd::bulk::decompress(frame, length).map_err(|why| broken(&why))?;
        if content.len() != length {
            return Err(broken(&"it is shorter than it says"));
        }
        let record = ChunkRecord::decode(&content[..]).map_err(|why| broken(&why))?;
        Ok(Self { first, batches: record.batches })
    }

    /// How many events it has, as its appends say.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.batches.iter().map(|batch| batch.count).fold(0, u64::saturating_add)
    }

    /// How large its events are, encoded but not compressed.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.batches.iter().map(|batch| batch.bytes.len() as u64).sum()
    }

    /// The events after position `after` and up to `last`. Only the appends that they are of are decoded.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when an append's events cannot be read, or are not as many as it says.
    pub fn events(&self, after: Seq, last: Seq) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        let mut first = self.first;
        for batch in &self.batches {
            let next = Seq(first.0.saturating_add(batch.count));
            if next > after.next() && first <= last {
                let decoded = decode_events(first, &batch.bytes)?;
                if decoded.len() as u64 != batch.count {
                    return Err(corrupt(format!(
                        "the append from {first} does not have {} events",
                        batch.count
                    )));
                }
                events.extend(decoded.into_iter().filter(|event| event.seq > after && event.seq <= last));
            }
            first = next;
        }
        Ok(events)
    }

    /// What it has up to position `last`, as appends for another chunk.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the append that holds that position cannot be read.
    pub fn until(&self, last: Seq) -> Result<Vec<Batch>, StoreError> {
        let mut kept = Vec::new();
        let mut first = self.first;
        for batch in &self.batches {
            let next = Seq(first.0.saturating_add(batch.count));
            if next <= last.next() {
                kept.push(batch.clone());
            } else if first <= last {
                let count = last.0 - first.0 + 1;
                kept.push(Batch { count, bytes: keep_events(first, &batch.bytes, count)? });
            }
            first = next;
        }
        Ok(kept)
    }

    /// What is left of it from position `from` on, as appends for another chunk.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the append that holds that position cannot be read.
    pub fn from(self, from: Seq) -> Result<Vec<Batch>, StoreError> {
        let mut left = Vec::new();
        let mut first = self.first;
        for batch in self.batches {
            let next = Seq(first.0.saturating_add(batch.count));
            if first >= from {
                left.push(batch);
            } else if next > from {
                let gone = from.0 - first.0;
                let bytes = skip_events(first, &batch.bytes, gone)?;
                left.push(Batch { count: batch.count - gone, bytes });
            }
            first = next;
        }
        Ok(left)
    }
}

fn unavailable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable { what: "compress events", source: why.into() }
}
