//! Pages of a log: from chunks up to the seam, from the tail above it.
//!
//! What a fork shares is read where it lies.
//!
//! Whoever reads sees one state of the database, so a fold between two pages moves the seam, and nothing else.

use rusqlite::{Connection, Row};
use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_store::record::{self, Chunk};
use tenure_store::{Handle, LogPage, ReadOutcome, ReadRequest};

use crate::error::WorkError;
use crate::row::{LogHead, Stored, blob, corrupt, signed, unsigned};
use crate::trail::Part;
use crate::{sql, tail};

/// A page ends with the append or chunk that brings it to this many stored bytes.
const PAGE_BYTES: u64 = 8 << 20;

/// Events that are looked at for one answer when only some types are asked for.
const LOOKED_AT_MAX: u64 = 16_000;

/// One page, or that it is there no more.
pub(crate) fn read(conn: &Connection, request: &ReadRequest) -> Result<ReadOutcome, WorkError> {
    let log = sql::one(conn, sql::FIND_HANDLE, [request.handle.0], |row| Ok(Stored::of(row)?.log))?;
    let log = log.unwrap_or_default();
    if request.after.next() < log.earliest {
        return Ok(ReadOutcome::Compacted { earliest: log.earliest });
    }
    let limit = request.limit.min(limits::EVENTS_PER_READ_MAX);
    let mut page = LogPage { events: Vec::new(), read_to: request.after, head: log.seq };
    let (mut looked_at, mut bytes) = (0, 0);
    while page.read_to < log.seq
        && page.events.len() < limit
        && looked_at < LOOKED_AT_MAX
        && bytes < PAGE_BYTES
    {
        // With types asked for, a window is no smaller than a full page: most of it may be of other types.
        let width = if request.types.is_empty() { limit } else { limits::EVENTS_PER_READ_MAX };
        let (events, stored) = window(conn, log, (request.handle, page.read_to), width as u64)?;
        (looked_at, bytes) = (looked_at + events.len() as u64, bytes + stored);
        for event in events {
            if page.events.len() == limit {
                break;
            }
            page.read_to = event.seq;
            let is_wanted =
                request.types.is_empty() || request.types.iter().any(|name| name == event.data.type_name());
            page.events.extend(is_wanted.then_some(event));
        }
    }
    Ok(ReadOutcome::Page(page))
}

/// Up to `width` events after a position, and their stored size: from one side of the seam.
fn window(
    conn: &Connection,
    log: LogHead,
    (handle, after): (Handle, Seq),
    width: u64,
) -> Result<(Vec<Event>, u64), WorkError> {
    let Part { handle: held_by, log, last } = Part::of(conn, handle, log, after)?;
    let last = Seq(last.0.min(after.0.saturating_add(width.max(1))));
    let (events, bytes) = if after < log.folded {
        folded(conn, held_by, (after, last.min(log.folded)))?
    } else {
        unfolded(conn, held_by, log, (after, last))?
    };
    match events.first() {
        Some(event) if event.seq == after.next() => Ok((events, bytes)),
        _ => Err(corrupt(format!("the log of session {} has no event {}", handle.0, after.next()))),
    }
}

fn unfolded(
    conn: &Connection,
    handle: Handle,
    log: LogHead,
    (after, last): (Seq, Seq),
) -> Result<(Vec<Event>, u64), WorkError> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    for row in tail::rows(conn, handle, log, (after, last))? {
        if bytes >= PAGE_BYTES {
            break;
        }
        bytes += row.bytes;
        events.extend(record::decode_events(row.first, &row.into_payload(conn)?)?);
    }
    events.retain(|event| event.seq > after && event.seq <= last);
    Ok((events, bytes))
}

fn folded(
    conn: &Connection,
    handle: Handle,
    (mut after, last): (Seq, Seq),
) -> Result<(Vec<Event>, u64), WorkError> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while after < last && bytes < PAGE_BYTES {
        let held = chunk_at(conn, handle, after.next())?;
        let chunk = Chunk::decode(held.first, &held.payload)?;
        bytes += chunk.bytes();
        events.extend(chunk.events(after, last)?);
        after = held.last();
    }
    Ok((events, bytes))
}

/// A stored chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChunkRow {
    pub(crate) chunk: i64,
    pub(crate) first: Seq,
    pub(crate) count: u64,
    pub(crate) payload: Vec<u8>,
}

impl ChunkRow {
    fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        Ok(Self {
            chunk: row.get(0)?,
            first: Seq(unsigned(row.get(1)?)?),
            count: unsigned(row.get(2)?)?,
            payload: blob(row, 3)?.unwrap_or_default().to_vec(),
        })
    }

    /// The position of its last event.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.first.0.saturating_add(self.count.saturating_sub(1)))
    }
}

/// The chunk that holds a position, which must be folded and kept.
fn chunk_at(conn: &Connection, handle: Handle, seq: Seq) -> Result<ChunkRow, WorkError> {
    let held = sql::one(conn, sql::CHUNK_AT, (handle.0, signed(seq.0)), ChunkRow::of)?;
    held.filter(|held| held.last() >= seq)
        .ok_or_else(|| corrupt(format!("no chunk of session {} holds position {seq}", handle.0)))
}
