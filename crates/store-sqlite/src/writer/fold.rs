//! Folding: the oldest rows of a log's tail become chunks.
//!
//! A fold is one bounded transaction. It takes rows in order, as many as the bounds allow and at least one;
//! usually that is the whole tail, which then starts over. The rows stay where they are, dead: deleting them one
//! by one would write a page for each, because neighbours in the log are of other sessions. The litter pass
//! deletes them page by page once there are enough.

use rusqlite::Connection;
use tenure_core::id::Seq;
use tenure_store::Handle;
use tenure_store::record::{self, Append, Batch};

use super::memory::Memory;
use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::options::Limits;
use crate::resolve::recent;
use crate::row::{LogHead, signed};
use crate::tail::TailRow;
use crate::{sql, tail};

/// Rows that one fold looks at, where they have about as many events each as the tail's have on average.
const ROWS: u64 = 1024;
/// Where rows differ much, that average is believed up to here.
const EVENTS_EACH_MAX: u64 = 8;
/// A row larger than this is left in the tail, and with it those after it.
const ROW_BYTES_MAX: u64 = 4 << 20;
/// How many of the latest appends are remembered by name.
const RECENT_MAX: usize = 64;

impl Work<'_> {
    /// Notes that a tail is long enough to be folded.
    pub(super) fn due_to_fold(&mut self, handle: Handle) -> Result<(), WorkError> {
        self.memory.is_untidy = true;
        sql::write(self.conn, sql::FOLD_DUE_INSERT, [handle.0]).map(drop)
    }

    /// Moves a log's seam, its beginning, or both.
    pub(super) fn write_seam(&self, handle: Handle, (from, to): (LogHead, LogHead)) -> Result<(), WorkError> {
        write_seam(self.conn, handle, (from, to))
    }
}

/// A session whose tail is to be folded.
pub(super) fn due(conn: &Connection) -> Result<Option<Handle>, WorkError> {
    sql::one(conn, sql::FOLD_DUE_FIND, [], |row| Ok(Handle(row.get(0)?)))
}

/// A session's tail need not be looked at any more.
pub(super) fn not_due(conn: &Connection, handle: Handle) -> Result<(), WorkError> {
    sql::write(conn, sql::FOLD_DUE_DELETE, [handle.0]).map(drop)
}

/// Folds what the bounds allow of a session's tail. It stays due while there is more.
pub(super) fn fold(
    conn: &Connection,
    memory: &mut Memory,
    handle: Handle,
    limits: &Limits,
) -> Result<(), WorkError> {
    fold_rows(conn, memory, handle, (limits, ROW_BYTES_MAX))
}

/// The same, and however large the oldest row is, at least that one.
pub(super) fn fold_any(
    conn: &Connection,
    memory: &mut Memory,
    handle: Handle,
    limits: &Limits,
) -> Result<(), WorkError> {
    memory.is_untidy = true;
    fold_rows(conn, memory, handle, (limits, u64::MAX))
}

/// The same of a tail that is damaged: what cannot be found of it stays unreadable, and nothing else. Returns the
/// positions that cannot be found.
pub(super) fn fold_torn(
    conn: &Connection,
    memory: &mut Memory,
    handle: Handle,
    limits: &Limits,
) -> Result<Vec<(Seq, Seq)>, WorkError> {
    let Some(log) = memory.heads.of(conn, handle)?.map(|head| head.log) else {
        return Ok(Vec::new());
    };
    let rows = fitting(tail::torn_rows(conn, handle, log, ROWS)?, (limits.fold_bytes, u64::MAX));
    let lost = rows.iter().filter(|row| row.is_lost()).map(|row| (row.first, row.last())).collect();
    fold_these(conn, memory, handle, (log, rows, limits))?;
    Ok(lost)
}

fn fold_rows(
    conn: &Connection,
    memory: &mut Memory,
    handle: Handle,
    (limits, row_bytes_max): (&Limits, u64),
) -> Result<(), WorkError> {
    let Some(head) = memory.heads.of(conn, handle)? else {
        return not_due(conn, handle);
    };
    let from = head.log;
    let rows = chosen(conn, handle, from, (limits.fold_bytes, row_bytes_max))?;
    fold_these(conn, memory, handle, (from, rows, limits))
}

/// Turns the oldest rows of a tail into chunks.
fn fold_these(
    conn: &Connection,
    memory: &mut Memory,
    handle: Handle,
    (from, rows, limits): (LogHead, Vec<TailRow>, &Limits),
) -> Result<(), WorkError> {
    let Some(folded) = rows.last().map(TailRow::last) else {
        return not_due(conn, handle);
    };
    let dead = rows.iter().filter(|row| !row.is_lost()).count() as u64;
    write_chunks(conn, handle, rows, limits)?;
    let to = from.folded_to(folded);
    write_seam(conn, handle, (from, to))?;
    sql::write(conn, sql::LITTER_ADD, [signed(dead)])?;
    if let Some(head) = memory.heads.of(conn, handle)? {
        head.log = to;
        head.chain = head.chain.take().filter(|_| to.pos != 0);
    }
    if to.pos == 0 {
        not_due(conn, handle)?;
    }
    Ok(())
}

/// The oldest rows of a tail that fit one fold.
fn chosen(
    conn: &Connection,
    handle: Handle,
    log: LogHead,
    bounds: (u64, u64),
) -> Result<Vec<TailRow>, WorkError> {
    if log.folded == log.seq {
        return Ok(Vec::new());
    }
    let length = log.seq.0.saturating_sub(log.folded.0);
    let width = ROWS * (length / log.depth.max(1)).clamp(1, EVENTS_EACH_MAX);
    // What would be less than half of that again is taken along: it would make a poor chunk.
    let width = if length < width + width / 2 { length } else { width };
    let last = Seq(log.folded.0 + width);
    Ok(fitting(tail::rows(conn, handle, log, (log.folded, last))?, bounds))
}

/// As many of the oldest rows as fit together, at least one; but none from one on that is larger than a row may be.
fn fitting(rows: impl IntoIterator<Item = TailRow>, (bytes_max, row_bytes_max): (u64, u64)) -> Vec<TailRow> {
    let mut bytes: u64 = 0;
    let fits = |row: &TailRow| {
        let is_first = bytes == 0;
        bytes = bytes.saturating_add(row.bytes);
        row.bytes <= row_bytes_max && (is_first || bytes <= bytes_max)
    };
    rows.into_iter().take_while(fits).collect()
}

/// Writes rows as chunks of about equal size.
fn write_chunks(
    conn: &Connection,
    handle: Handle,
    rows: Vec<TailRow>,
    limits: &Limits,
) -> Result<(), WorkError> {
    let recent = latest(conn, handle, &rows)?;
    let whole: u64 = rows.iter().map(|row| row.bytes).sum();
    let share = whole.div_ceil(whole.div_ceil(limits.chunk_bytes.max(1)).max(1)).max(1);
    let mut chunks: Vec<(Seq, Vec<Batch>)> = Vec::new();
    let mut bytes = share;
    for row in rows {
        let (first, batch) = (row.first, Batch { count: row.count, bytes: row.into_payload(conn)? });
        for (first, batch) in halves(first, batch)? {
            if bytes >= share {
                chunks.push((first, Vec::new()));
                bytes = 0;
            }
            bytes += batch.bytes.len() as u64;
            chunks.last_mut().expect("one was just begun").1.push(batch);
        }
    }
    let mut chunks = chunks.into_iter().peekable();
    while let Some((first, batches)) = chunks.next() {
        let count: u64 = batches.iter().map(|batch| batch.count).sum();
        let recent = if chunks.peek().is_none() { Some(&recent) } else { None };
        let row = (handle.0, signed(first.0), signed(count), recent, record::encode_chunk(batches)?);
        sql::write(conn, sql::CHUNK_INSERT, row)?;
    }
    Ok(())
}

/// An append as it is, or in parts of which each fits a chunk.
fn halves(first: Seq, batch: Batch) -> Result<Vec<(Seq, Batch)>, WorkError> {
    if batch.bytes.len() as u64 <= ROW_BYTES_MAX || batch.count == 1 {
        return Ok(vec![(first, batch)]);
    }
    let count = batch.count / 2;
    let middle = Seq(first.0 + count);
    let parts =
        (record::keep_events(first, &batch.bytes, count), record::skip_events(first, &batch.bytes, count));
    let (Ok(older), Ok(newer)) = parts else {
        // What is damaged is not taken apart, and stays what it is.
        return Ok(vec![(first, batch)]);
    };
    let older = Batch { count, bytes: older };
    let newer = Batch { count: batch.count - count, bytes: newer };
    let mut parts = halves(first, older)?;
    parts.extend(halves(middle, newer)?);
    Ok(parts)
}

/// The latest appends of the log once these rows are folded.
fn latest(conn: &Connection, handle: Handle, rows: &[TailRow]) -> Result<Vec<u8>, WorkError> {
    let mut appends = if rows.len() < RECENT_MAX { recent(conn, handle)? } else { Vec::new() };
    let found = rows.iter().filter(|row| !row.is_lost());
    appends.extend(found.map(|row| Append { id: row.id, first: row.first, last: row.last() }));
    Ok(record::encode_recent(&appends[appends.len().saturating_sub(RECENT_MAX)..]))
}

fn write_seam(conn: &Connection, handle: Handle, (from, to): (LogHead, LogHead)) -> Result<(), WorkError> {
    let row = (
        handle.0,
        to.pos,
        signed(to.depth),
        signed(to.folded.0),
        signed(to.earliest.0),
        signed(from.seq.0),
        signed(from.folded.0),
        signed(from.earliest.0),
    );
    exactly_one(sql::write(conn, sql::HEAD_FOLD, row)?, "a session's head")
}
