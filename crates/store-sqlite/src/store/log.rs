//! The role that keeps the logs of sessions.

use std::collections::VecDeque;

use async_trait::async_trait;
use rusqlite::{Connection, Row};
use tenure_core::event::Event;
use tenure_core::id::{CommitId, Seq};
use tenure_core::limits;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Handle, LogStore, ReadOutcome, ReadRequest, StoreError,
    Watch, record,
};

use super::SqliteStore;
use crate::chain;
use crate::error::WorkError;
use crate::request::Request;
use crate::row::{LogHead, Stored, blob, corrupt, signed, unsigned};
use crate::sql;

/// Payloads up to this size are read with their row; larger ones once it is known that they fit the page.
const SMALL_BYTES: u64 = 4096;

/// A page ends with the row that brings it to this many stored bytes.
const PAGE_BYTES: u64 = 8 << 20;

/// Events that are looked at for one answer when only some types are asked for.
const LOOKED_AT_MAX: u64 = 16_000;

#[async_trait]
impl LogStore for SqliteStore {
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        self.ask(request.into(), |asked| Request::Append(Box::new(asked))).await
    }

    async fn resolve_append(&self, request: &AppendRequest) -> Result<AppendResolution, StoreError> {
        let (place, id) = ((request.handle, request.after), request.commit_id);
        let rows_max = self.shared.limits.resolved_rows_max;
        self.read_much("find an append", move |conn| resolve(conn, place, id, rows_max)).await
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        self.read_much("read a log", move |conn| read(conn, &request)).await
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        // The ear is there before the watch begins, so that its net has seen the state before any change.
        let can_be_rung = self.shared.listen()?;
        let (changes, watcher) = self.shared.watches.add(&self.shared.queue, handle)?;
        self.shared.nudge();
        if can_be_rung {
            match self.ask(handle, |asked| Request::Watch(Box::new(asked))).await {
                Err(StoreError::Closed) => return Err(StoreError::Closed),
                // Where it cannot be written down that it watches, the net alone has to do.
                Err(why) => self.shared.troubles.note("ask to be rung", &why),
                Ok(()) => {}
            }
        }
        Ok(Watch::new(changes, Box::new(watcher)))
    }
}

fn read(conn: &Connection, request: &ReadRequest) -> Result<ReadOutcome, WorkError> {
    let log = sql::one(conn, sql::FIND_HANDLE, [request.handle.0], |row| Ok(Stored::of(row)?.log))?;
    let log = log.unwrap_or_default();
    let limit = request.limit.min(limits::EVENTS_PER_READ_MAX);
    let mut outcome = ReadOutcome { events: Vec::new(), read_to: request.after, head: log.seq };
    let (mut looked_at, mut bytes) = (0, 0);
    while outcome.read_to < log.seq
        && outcome.events.len() < limit
        && looked_at < LOOKED_AT_MAX
        && bytes < PAGE_BYTES
    {
        // With types asked for, a window is no smaller than a full page: most of it may be of other types.
        let width = if request.types.is_empty() { limit } else { limits::EVENTS_PER_READ_MAX };
        let (events, stored) = window(conn, log, (request.handle, outcome.read_to), width as u64)?;
        (looked_at, bytes) = (looked_at + events.len() as u64, bytes + stored);
        for event in events {
            if outcome.events.len() == limit {
                break;
            }
            outcome.read_to = event.seq;
            let is_wanted =
                request.types.is_empty() || request.types.iter().any(|name| name == event.data.type_name());
            outcome.events.extend(is_wanted.then_some(event));
        }
    }
    Ok(outcome)
}

/// Looks for an append from the newest row back: what was lost a moment ago is near the end.
fn resolve(
    conn: &Connection,
    (handle, after): (Handle, Seq),
    id: CommitId,
    rows_max: usize,
) -> Result<AppendResolution, WorkError> {
    let newest = sql::one(conn, sql::FIND_HANDLE, [handle.0], |row| Ok(Stored::of(row)?.log.pos))?;
    let mut pos = newest.unwrap_or_default();
    for _ in 0..rows_max {
        if pos == 0 {
            return Ok(AppendResolution::NotThere);
        }
        let row = sql::one(conn, sql::LOG_COMMIT, [pos], |row| CommitRow::of(row, (handle, pos)))?;
        let row = row.ok_or_else(|| missing(pos))?;
        if row.last <= after {
            return Ok(AppendResolution::NotThere);
        }
        if row.id == id {
            return Ok(AppendResolution::Appended { first: row.first, last: row.last });
        }
        pos = row.prev;
    }
    Ok(AppendResolution::Untold)
}

/// Which append or commit a row of a log is of.
struct CommitRow {
    first: Seq,
    last: Seq,
    prev: i64,
    id: CommitId,
}

impl CommitRow {
    fn of(row: &Row<'_>, (handle, pos): (Handle, i64)) -> Result<Self, WorkError> {
        belongs(row, handle, pos)?;
        let (first, count) = (unsigned(row.get(1)?)?, unsigned(row.get(2)?)?);
        let last = Seq(first.saturating_add(count.saturating_sub(1)));
        Ok(Self { first: Seq(first), last, prev: row.get(3)?, id: CommitId(row.get(4)?) })
    }
}

/// One row of a log, its payload read or not.
struct LogRow {
    pos: i64,
    first: Seq,
    prev: i64,
    bytes: u64,
    payload: Option<Vec<u8>>,
}

/// Up to `width` events after a position, and their stored size: finds the row of the last one, and walks
/// back from there.
fn window(
    conn: &Connection,
    log: LogHead,
    (handle, after): (Handle, Seq),
    width: u64,
) -> Result<(Vec<Event>, u64), WorkError> {
    let last = log.seq.0.min(after.0.saturating_add(width.max(1)));
    let mut rows = VecDeque::new();
    let mut pos = chain::find(conn, log.pos, Seq(last))?;
    loop {
        let row = log_row(conn, handle, pos)?;
        let (is_first, prev) = (row.first <= after.next(), row.prev);
        rows.push_front(row);
        if is_first {
            break;
        }
        pos = prev;
    }
    let mut events = Vec::new();
    let mut bytes = 0;
    for row in rows {
        if bytes >= PAGE_BYTES {
            break;
        }
        bytes += row.bytes;
        let payload = match row.payload {
            Some(payload) => payload,
            None => large_payload(conn, row.pos)?,
        };
        events.extend(record::decode_events(row.first, &payload)?);
    }
    events.retain(|event| event.seq > after && event.seq.0 <= last);
    Ok((events, bytes))
}

fn log_row(conn: &Connection, handle: Handle, pos: i64) -> Result<LogRow, WorkError> {
    let row = sql::one(conn, sql::LOG_ROW, (pos, signed(SMALL_BYTES)), |row| {
        belongs(row, handle, pos)?;
        Ok(LogRow {
            pos,
            first: Seq(unsigned(row.get(1)?)?),
            prev: row.get(3)?,
            bytes: unsigned(row.get(4)?)?,
            payload: blob(row, 5)?.map(<[u8]>::to_vec),
        })
    })?;
    row.ok_or_else(|| missing(pos))
}

/// Whether a row whose first column is its session is of the log that led to it.
fn belongs(row: &Row<'_>, handle: Handle, pos: i64) -> Result<(), WorkError> {
    if row.get::<_, i64>(0)? == handle.0 {
        return Ok(());
    }
    Err(corrupt(format!("row {pos} of the log belongs to another session")))
}

fn missing(pos: i64) -> WorkError {
    corrupt(format!("row {pos} of the log is missing"))
}

fn large_payload(conn: &Connection, pos: i64) -> Result<Vec<u8>, WorkError> {
    let payload = sql::one(conn, sql::LOG_PAYLOAD, [pos], |row| Ok(row.get(0)?))?;
    payload.ok_or_else(|| missing(pos))
}
