//! Events that are brought in, encoded where they came from: as chunks, which they stay.

use tenure_core::event::{Event, EventDraft};
use tenure_core::id::{EventId, Seq};
use tenure_store::record::{self, Batch};
use tenure_store::{BringRequest, Handle, StoreError};

/// The next events of a session that is brought in.
#[derive(Debug)]
pub(crate) struct Bring {
    pub(crate) arrival: Handle,
    pub(crate) first: Seq,
    /// The position after the last one.
    pub(crate) next: Seq,
    pub(crate) chunks: Vec<Piece>,
    pub(crate) named: Vec<Named>,
}

/// Some of them, as one chunk.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) first: Seq,
    pub(crate) count: u64,
    pub(crate) payload: Vec<u8>,
}

/// One that has an id.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) seq: Seq,
    pub(crate) id: EventId,
    pub(crate) digest: [u8; 16],
}

impl Bring {
    /// Chunks of about `chunk_bytes`. What was written together is one append again, as far as it can be told.
    pub(crate) fn of(request: BringRequest, chunk_bytes: u64) -> Result<Self, StoreError> {
        let BringRequest { arrival, events } = request;
        let first = events.first().map_or(Seq(0), |event| event.seq);
        let next = events.last().map_or(Seq(0), |event| event.seq.next());
        let named = events.iter().filter_map(Named::of).collect();
        let mut chunks = Vec::new();
        let mut events = events.into_iter().peekable();
        while let Some(event) = events.peek() {
            let (first, mut count, mut batches, mut bytes) = (event.seq, 0, Vec::new(), 0);
            while bytes < chunk_bytes.max(1)
                && let Some(event) = events.next()
            {
                let (at, fence) = (event.at, event.fence);
                let mut batch = Batch { count: 1, bytes: record::encode_events(vec![draft(event)]) };
                while bytes + (batch.bytes.len() as u64) < chunk_bytes
                    && let Some(event) = events.next_if(|event| (event.at, event.fence) == (at, fence))
                {
                    batch.count += 1;
                    batch.bytes.extend(record::encode_events(vec![draft(event)]));
                }
                record::seal_events(&mut batch.bytes, at, fence);
                (bytes, count) = (bytes + batch.bytes.len() as u64, count + batch.count);
                batches.push(batch);
            }
            chunks.push(Piece { first, count, payload: record::encode_chunk(batches)? });
        }
        Ok(Self { arrival, first, next, chunks, named })
    }
}

impl Named {
    fn of(event: &Event) -> Option<Self> {
        let id = event.id.clone()?;
        Some(Self { seq: event.seq, id, digest: record::digest_event(&event.data) })
    }
}

fn draft(event: Event) -> EventDraft {
    EventDraft { id: event.id, data: event.data }
}
