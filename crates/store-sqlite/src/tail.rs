//! The rows of a log's tail.

use std::collections::VecDeque;

use rusqlite::{Connection, Row};
use tenure_core::id::{CommitId, Seq};
use tenure_store::Handle;

use crate::chain::{self, belongs, missing};
use crate::error::WorkError;
use crate::row::{LogHead, blob, corrupt, signed, unsigned};
use crate::sql;

/// Payloads up to this size are read with their row; larger ones once it is known that they are wanted.
const SMALL_BYTES: u64 = 4096;

/// One row of a tail, its payload read or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TailRow {
    pub(crate) pos: i64,
    pub(crate) first: Seq,
    pub(crate) count: u64,
    prev: i64,
    /// The size of its payload.
    pub(crate) bytes: u64,
    payload: Option<Vec<u8>>,
    pub(crate) id: CommitId,
}

impl TailRow {
    fn of(row: &Row<'_>, (handle, pos): (Handle, i64)) -> Result<Self, WorkError> {
        belongs(row, handle, pos)?;
        Ok(Self {
            pos,
            first: Seq(unsigned(row.get(1)?)?),
            count: unsigned(row.get(2)?)?,
            prev: row.get(3)?,
            bytes: unsigned(row.get(4)?)?,
            payload: blob(row, 5)?.map(<[u8]>::to_vec),
            id: CommitId(row.get(6)?),
        })
    }

    /// Stands for positions of which no row can be found: their events cannot be read.
    fn lost(first: Seq, before: Seq) -> Self {
        let count = before.0.saturating_sub(first.0);
        Self { pos: 0, first, count, prev: 0, bytes: 0, payload: Some(Vec::new()), id: CommitId([0; 16]) }
    }

    /// Whether it only stands for what cannot be found.
    pub(crate) const fn is_lost(&self) -> bool {
        self.pos == 0
    }

    /// The position of its last event.
    pub(crate) fn last(&self) -> Seq {
        Seq(self.first.0.saturating_add(self.count.saturating_sub(1)))
    }

    /// Its stored events.
    pub(crate) fn into_payload(self, conn: &Connection) -> Result<Vec<u8>, WorkError> {
        if let Some(payload) = self.payload {
            return Ok(payload);
        }
        let payload = sql::one(conn, sql::LOG_PAYLOAD, [self.pos], |row| Ok(row.get(0)?))?;
        payload.ok_or_else(|| missing(self.pos))
    }
}

/// The rows that hold the positions after `after`, which must not be folded, up to `last`; oldest first.
pub(crate) fn rows(
    conn: &Connection,
    handle: Handle,
    log: LogHead,
    (after, last): (Seq, Seq),
) -> Result<VecDeque<TailRow>, WorkError> {
    let mut rows = VecDeque::new();
    let mut pos = chain::find(conn, handle, log.pos, last)?;
    loop {
        let row =
            sql::one(conn, sql::LOG_ROW, (pos, signed(SMALL_BYTES)), |row| TailRow::of(row, (handle, pos)))?;
        let row = row.ok_or_else(|| missing(pos))?;
        if rows.front().is_some_and(|newer: &TailRow| newer.first != row.last().next()) {
            return Err(corrupt(format!("row {pos} of the log is not the one that was before it")));
        }
        let (is_first, prev) = (row.first <= after.next(), row.prev);
        rows.push_front(row);
        if is_first {
            return Ok(rows);
        }
        pos = prev;
    }
}

/// What can be found of a tail whose rows do not lead to one another, up to `last`, and what stands for the rest;
/// oldest first, and at most `limit` rows.
///
/// It looks at every row of the log: only damage makes that necessary.
pub(crate) fn torn_rows(
    conn: &Connection,
    handle: Handle,
    log: LogHead,
    limit: u64,
) -> Result<Vec<TailRow>, WorkError> {
    let wanted = (handle.0, signed(log.folded.0), log.pos, signed(SMALL_BYTES), signed(limit));
    let found = sql::all(conn, sql::LOG_SCATTERED, wanted, |row| TailRow::of(row, (handle, row.get(7)?)))?;
    let is_all = (found.len() as u64) < limit;
    let mut rows: Vec<TailRow> = Vec::new();
    let mut next = log.folded.next();
    for row in found.into_iter().filter(|row| row.last() <= log.seq) {
        if row.first < next {
            continue;
        }
        if row.first > next {
            rows.push(TailRow::lost(next, row.first));
        }
        next = row.last().next();
        rows.push(row);
    }
    if is_all && next <= log.seq {
        rows.push(TailRow::lost(next, log.seq.next()));
    }
    Ok(rows)
}
