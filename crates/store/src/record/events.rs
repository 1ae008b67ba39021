//! The stored form of the events of one append.
//!
//! The events are encoded where they come from; when and under which fence they were written is known only
//! under the write lock. Protocol Buffers do not care in which order fields stand, so those two follow the
//! events, and nothing is encoded or copied twice.

use prost::Message;
use sha2::{Digest, Sha256};
use tenure_core::event::{Event, EventBody, EventDraft};
use tenure_core::id::{Fence, Seq};
use tenure_core::time::WallTime;

use super::corrupt;
use super::event::{EventRecord, event_id};
use crate::StoreError;

#[derive(Clone, PartialEq, Message)]
struct BatchRecord {
    #[prost(uint64, tag = "1")]
    at: u64,
    #[prost(uint64, optional, tag = "2")]
    fence: Option<u64>,
    #[prost(message, repeated, tag = "3")]
    events: Vec<EventRecord>,
}

/// The events of one append, not yet sealed.
#[must_use]
pub fn encode_events(events: Vec<EventDraft>) -> Vec<u8> {
    let events = events.into_iter().map(EventRecord::from).collect();
    let record = BatchRecord { at: 0, fence: None, events };
    // Room for the seal.
    let mut bytes = Vec::with_capacity(record.encoded_len() + 22);
    record.encode_raw(&mut bytes);
    bytes
}

/// What tells whether two events that were given the same id say the same: their content alone.
#[must_use]
pub fn digest_event(event: &EventBody) -> [u8; 16] {
    let record = EventRecord::from(EventDraft::from(event.clone()));
    let hash = Sha256::digest(record.encode_to_vec());
    let mut digest = [0; 16];
    digest.copy_from_slice(&hash[..16]);
    digest
}

/// Adds when and under which fence the events were written.
pub fn seal_events(bytes: &mut Vec<u8>, at: WallTime, fence: Option<Fence>) {
    let seal = BatchRecord { at: at.epoch_ms(), fence: fence.map(|fence| fence.0), events: Vec::new() };
    seal.encode_raw(bytes);
}

/// The events of one append, the first of which has position `first`.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn decode_events(first: Seq, bytes: &[u8]) -> Result<Vec<Event>, StoreError> {
    let record = BatchRecord::decode(bytes)
        .map_err(|why| corrupt(format!("events from {first} cannot be read: {why}")))?;
    let (at, fence) = (WallTime::from_epoch_ms(record.at), record.fence.map(Fence));
    let numbered = (first.0..).zip(record.events);
    let event = |(seq, event): (u64, EventRecord)| {
        let id = event.id.as_deref().map(event_id).transpose()?;
        Ok(Event { seq: Seq(seq), at, fence, id, data: event.into_event()? })
    };
    numbered.map(event).collect()
}

/// The first `kept` stored events of one append.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn keep_events(first: Seq, bytes: &[u8], kept: u64) -> Result<Vec<u8>, StoreError> {
    let mut record = BatchRecord::decode(bytes)
        .map_err(|why| corrupt(format!("events from {first} cannot be read: {why}")))?;
    record.events.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
    Ok(record.encode_to_vec())
}

/// The stored events of one append without its first `gone` ones.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are, or there are no more events than that.
pub fn skip_events(first: Seq, bytes: &[u8], gone: u64) -> Result<Vec<u8>, StoreError> {
    let mut record = BatchRecord::decode(bytes)
        .map_err(|why| corrupt(format!("events from {first} cannot be read: {why}")))?;
    let gone = usize::try_from(gone).ok().filter(|gone| *gone < record.events.len());
    let gone = gone.ok_or_else(|| corrupt(format!("there are too few events from {first} on")))?;
    record.events.drain(..gone);
    Ok(record.encode_to_vec())
}
