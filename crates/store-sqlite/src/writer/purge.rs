//! Removing a session: what names it at once, its log bit by bit.

use tenure_core::id::Seq;
use tenure_core::session::Needed;
use tenure_store::{Handle, PurgeOutcome};

use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::row::{history_of, signed, unsigned};
use crate::sql;

/// Most rows of tails, or ids of events, that one turn removes.
const ROWS_MAX: u32 = 512;
/// Most checkpoints that one turn removes.
const CHECKPOINTS_MAX: u32 = 64;
/// Most chunks that one turn removes.
const CHUNKS_MAX: u32 = 32;
/// A turn ends with the row that brings what it removes to this many stored bytes.
const BYTES_MAX: u64 = 4 << 20;

/// What is left of a purged log.
#[derive(Debug, Clone, Copy)]
struct Left {
    sid: i64,
    /// The newest row of the tail; 0 when the tail is gone.
    pos: i64,
    /// Rows up to here were folded or dropped: they are litter, and counted as such.
    folded: Seq,
    /// The newest row of the history; 0 when it is gone.
    history: i64,
}

impl Work<'_> {
    /// Removes a session. What is left of its log is found through the table `purge`, also after a crash.
    ///
    /// While forks need some of it, that is handed on to them, a part at a time: then there is no outcome yet.
    pub(super) fn purge(&mut self, handle: Handle) -> Result<Option<PurgeOutcome>, WorkError> {
        let Some(stored) = self.stored(handle)? else {
            return Ok(Some(PurgeOutcome::NotFound));
        };
        match stored.session.needed() {
            Some(Needed::Open) => return Ok(Some(PurgeOutcome::NotEnded)),
            Some(Needed::Retained) => return Ok(Some(PurgeOutcome::Retained)),
            Some(Needed::OnItsWay) => return Ok(Some(PurgeOutcome::OnItsWay)),
            None => {}
        }
        if sql::any(self.conn, sql::FORK_FARTHEST, [handle.0])? {
            self.hand_on(handle)?;
            return Ok(None);
        }
        if handle.0 <= self.memory.folded(self.conn)? {
            self.catalog.leave((stored.ns, handle), &stored.session);
        }
        self.counts.purged(stored.ns, &stored.session);
        let history = history_of(self.conn, handle)?;
        exactly_one(sql::write(self.conn, sql::SESSION_DELETE, [handle.0])?, "a session")?;
        exactly_one(sql::write(self.conn, sql::HEAD_DELETE, [handle.0])?, "a session's head")?;
        sql::write(self.conn, sql::LEASE_DELETE, [handle.0])?;
        sql::write(self.conn, sql::FOLD_DUE_DELETE, [handle.0])?;
        sql::write(self.conn, sql::ORIGIN_DELETE, [handle.0])?;
        if let Some((slot, _)) = stored.slot {
            sql::write(self.conn, sql::SLOT_SHOW, (slot, handle.0))?;
        }
        sql::write(self.conn, sql::FORK_DELETE, [handle.0])?;
        let left = (handle.0, stored.log.pos, signed(stored.log.folded.0), history);
        sql::write(self.conn, sql::PURGE_INSERT, left)?;
        self.memory.heads.forget(handle);
        self.evidence = Some(Evidence::Purge { handle });
        self.changed.push(handle);
        // Most logs are short: they go with their session.
        self.reclaim()?;
        Ok(Some(PurgeOutcome::Purged))
    }

    /// Removes a part of one purged log: its tail, newest row first, so that what is left is a whole log still;
    /// then its chunks, the ids of its events, its checkpoints, and its history. Without one, a part of what nobody needs for
    /// another reason. Returns whether there is more.
    pub(super) fn reclaim(&mut self) -> Result<bool, WorkError> {
        if self.give_up_idle()? {
            return Ok(true);
        }
        let Some(left) = self.purged()? else {
            self.sweep_leftover()?;
            return self.is_more_left();
        };
        if left.pos != 0 {
            let pos = self.remove_rows(left)?;
            exactly_one(sql::write(self.conn, sql::PURGE_UPDATE, (left.sid, pos))?, "a purged log")?;
            if pos != 0 {
                return Ok(true);
            }
        }
        // Fewer than a turn may remove means that none are left.
        if sql::write(self.conn, sql::PURGE_CHUNKS, (left.sid, CHUNKS_MAX))? < CHUNKS_MAX as usize
            && sql::write(self.conn, sql::PURGE_IDS, (left.sid, ROWS_MAX))? < ROWS_MAX as usize
            && self.remove_checkpoints_of(left.sid)? < CHECKPOINTS_MAX as usize
            && self.remove_history(left)?
        {
            sql::write(self.conn, sql::PURGE_DELETE, [left.sid])?;
        }
        self.is_more_left()
    }

    fn is_more_left(&self) -> Result<bool, WorkError> {
        Ok(self.purged()?.is_some() || self.leftover()?.is_some())
    }

    /// Removes some checkpoints. A payload that is shown by none any more is left over.
    fn remove_checkpoints_of(&self, sid: i64) -> Result<usize, WorkError> {
        let payloads = sql::all(self.conn, sql::PURGE_CHECKPOINTS, (sid, CHECKPOINTS_MAX), |row| {
            Ok(row.get::<_, i64>(0)?)
        })?;
        for payload in &payloads {
            sql::write(self.conn, sql::PAYLOAD_DROP, [payload])?;
        }
        Ok(payloads.len())
    }

    fn purged(&self) -> Result<Option<Left>, WorkError> {
        sql::one(self.conn, sql::PURGE_FIRST, [], |row| {
            let (sid, pos, folded) = (row.get(0)?, row.get(1)?, Seq(unsigned(row.get(2)?)?));
            Ok(Left { sid, pos, folded, history: row.get(3)? })
        })
    }

    /// Removes some rows of a tail. Returns the newest one that is left, 0 for none.
    fn remove_rows(&self, left: Left) -> Result<i64, WorkError> {
        let (mut pos, mut rows, mut bytes) = (left.pos, 0, 0);
        let (mut removed, mut next) = (left.pos, None);
        while pos != 0 && rows < ROWS_MAX && bytes < BYTES_MAX {
            let row = self.row_left(left, pos)?.filter(|row| next.is_none_or(|next| row.last.next() == next));
            let Some(row) = row else {
                // The tail is damaged. What is older is found without what led to it.
                (pos, next) = (self.older(left, removed)?, None);
                continue;
            };
            exactly_one(sql::write(self.conn, sql::LOG_DELETE, [pos])?, "a row of the log")?;
            (removed, next) = (pos, Some(row.first));
            // What the oldest row of a tail points to is dead, or gone.
            pos = if row.first <= left.folded.next() { 0 } else { row.prev };
            (rows, bytes) = (rows + 1, bytes + row.bytes);
        }
        Ok(pos)
    }

    /// Removes some rows of a history, newest first. Returns whether none is left.
    fn remove_history(&self, left: Left) -> Result<bool, WorkError> {
        let (mut pos, mut rows, mut bytes) = (left.history, 0, 0);
        while pos != 0 && rows < ROWS_MAX && bytes < BYTES_MAX {
            let row = sql::one(self.conn, sql::HISTORY_LEFT, [pos], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?, unsigned(row.get(2)?)?))
            })?;
            let Some((_, prev, length)) = row.filter(|(owner, ..)| *owner == left.sid) else {
                // The history is damaged: what is older cannot be told from others'.
                pos = 0;
                break;
            };
            exactly_one(sql::write(self.conn, sql::HISTORY_DELETE, [pos])?, "a row of a history")?;
            (pos, rows, bytes) = (prev, rows + 1, bytes + length);
        }
        if pos != left.history {
            exactly_one(sql::write(self.conn, sql::PURGE_HISTORY, (left.sid, pos))?, "a purged history")?;
        }
        Ok(pos == 0)
    }

    /// The newest row of a tail that is older than this one, 0 for none.
    fn older(&self, left: Left, pos: i64) -> Result<i64, WorkError> {
        let wanted = (left.sid, signed(left.folded.0), pos);
        Ok(sql::one(self.conn, sql::LOG_OLDER, wanted, |row| Ok(row.get(0)?))?.unwrap_or(0))
    }

    /// A row of a purged tail; none where it is gone, or another session's.
    fn row_left(&self, left: Left, pos: i64) -> Result<Option<RowLeft>, WorkError> {
        let row = sql::one(self.conn, sql::LOG_LEFT, [pos], |row| {
            let (first, count) = (unsigned(row.get(3)?)?, unsigned(row.get(4)?)?);
            let last = Seq(first.saturating_add(count.saturating_sub(1)));
            let found = RowLeft { prev: row.get(1)?, bytes: unsigned(row.get(2)?)?, first: Seq(first), last };
            Ok((row.get::<_, i64>(0)?, found))
        })?;
        Ok(row.filter(|(owner, _)| *owner == left.sid).map(|(_, row)| row))
    }
}

/// A row of a purged log's tail.
struct RowLeft {
    prev: i64,
    /// The size of its payload.
    bytes: u64,
    first: Seq,
    last: Seq,
}
