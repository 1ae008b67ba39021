//! Dead rows of the log, and the pass that deletes them.
//!
//! A pass visits every row once, a bounded number in each transaction, in the order in which they lie in the
//! file: what dies scattered is deleted page by page. It begins when a quarter of the rows may be dead, so a row
//! is visited about four times in its life at most.

use rusqlite::Connection;

use super::memory::Memory;
use crate::error::WorkError;
use crate::options::Limits;
use crate::row::{signed, unsigned};
use crate::sql;

/// Rows that one transaction visits.
const STEP_ROWS: u64 = 1024;

/// What is known of the log's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Litter {
    /// Rows that died and were not deleted.
    dead: u64,
    /// Where the pass goes on; 0 for no pass.
    next: i64,
    /// Rows that the last pass left, or that this one has left so far.
    kept: u64,
    /// The newest row when the last pass ended.
    upto: i64,
}

impl Litter {
    pub(super) fn find(conn: &Connection) -> Result<Self, WorkError> {
        let litter = sql::one(conn, sql::LITTER_FIND, [], |row| {
            let (dead, kept) = (unsigned(row.get(0)?)?, unsigned(row.get(2)?)?);
            Ok(Self { dead, next: row.get(1)?, kept, upto: row.get(3)? })
        })?;
        litter.ok_or_else(|| crate::row::corrupt("nothing is known of dead rows of the log"))
    }

    /// Whether a pass is under way or is to begin.
    pub(super) fn is_due(self, newest: i64, limits: &Limits) -> bool {
        let since = u64::try_from(newest.saturating_sub(self.upto)).unwrap_or(0);
        let is_much = self.dead.saturating_mul(4) >= self.kept.saturating_add(since);
        self.next > 0 || (self.dead > 0 && self.dead >= limits.litter_rows && is_much)
    }

    /// Deletes the dead ones among the next rows.
    pub(super) fn step(self, conn: &Connection, memory: &mut Memory) -> Result<(), WorkError> {
        let (begin, kept) = if self.next > 0 { (self.next, self.kept) } else { (1, 0) };
        let (last, visited): (i64, u64) =
            sql::one(conn, sql::LITTER_END, (begin, signed(STEP_ROWS)), |row| {
                Ok((row.get(0)?, unsigned(row.get(1)?)?))
            })?
            .unwrap_or_default();
        let deleted = sql::write(conn, sql::LITTER_DELETE, (begin, last))? as u64;
        let (dead, kept) = (self.dead.saturating_sub(deleted), kept + (visited - deleted));
        let (next, upto) =
            if visited < STEP_ROWS { (0, memory.newest_pos(conn)?) } else { (last + 1, self.upto) };
        sql::write(conn, sql::LITTER_UPDATE, (signed(dead), next, signed(kept), upto)).map(drop)
    }
}
