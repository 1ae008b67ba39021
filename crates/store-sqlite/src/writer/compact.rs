//! Dropping the beginning of a log.

use tenure_core::id::Seq;
use tenure_core::session::Needed;
use tenure_store::record::{self, Chunk};
use tenure_store::{CompactOutcome, CompactRequest, Handle};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::{LogHead, corrupt, signed, unsigned};
use crate::{sql, tail, trail};

/// Chunks that one request drops at most.
const CHUNKS_MAX: i64 = 32;
/// Events of the tail that one request looks at, at most, but for what is in one row with them.
const EVENTS_MAX: u64 = 2048;

/// A chunk, as far as it is known before it is read.
pub(super) struct ChunkHead {
    pub(super) chunk: i64,
    pub(super) first: Seq,
    count: u64,
}

impl ChunkHead {
    /// The position of its last event.
    pub(super) fn last(&self) -> Seq {
        Seq(self.first.0.saturating_add(self.count.saturating_sub(1)))
    }
}

impl Work<'_> {
    /// Does a bounded part of what is wished. Who may wish it, and who needs what it would drop, is judged here,
    /// before anything is written. What forks read is handed on to them first.
    pub(super) fn compact(&mut self, request: CompactRequest) -> Result<CompactOutcome, WorkError> {
        let handle = request.handle;
        let Some(head) = self.memory.heads.of(self.conn, handle)? else {
            return Ok(CompactOutcome::NotFound);
        };
        match head.needed {
            Some(Needed::Retained) => return Ok(CompactOutcome::Retained),
            Some(Needed::OnItsWay) => return Ok(CompactOutcome::OnItsWay),
            Some(Needed::Open) | None => {}
        }
        let from = head.log;
        let goal = request.before.min(from.seq.next());
        if goal <= from.earliest {
            return Ok(CompactOutcome::Compacted { earliest: from.earliest, is_done: true });
        }
        if self.hand_on(handle)? {
            return Ok(CompactOutcome::Compacted { earliest: from.earliest, is_done: false });
        }
        // Handing on may have folded.
        let from = self.memory.heads.of(self.conn, handle)?.map_or(from, |head| head.log);
        let to = match trail::base_of(self.conn, handle)? {
            Some((_, at)) => LogHead { earliest: self.leave_base(handle, at, goal)?, ..from },
            None if from.earliest <= from.folded => {
                LogHead { earliest: self.drop_chunks(handle, from, goal)?, ..from }
            }
            None => self.drop_rows(handle, from, goal)?,
        };
        self.write_seam(handle, (from, to))?;
        if let Some(head) = self.memory.heads.of(self.conn, handle)? {
            head.log = to;
            head.chain = head.chain.take().filter(|_| to.pos != 0);
        }
        // Who follows is not given what was dropped.
        self.changed.push(handle);
        Ok(CompactOutcome::Compacted { earliest: to.earliest, is_done: to.earliest == goal })
    }

    /// Reads less of another one's log, or nothing of it any more. Returns where the log begins then.
    fn leave_base(&self, handle: Handle, at: Seq, goal: Seq) -> Result<Seq, WorkError> {
        if goal <= at {
            return Ok(goal);
        }
        exactly_one(sql::write(self.conn, sql::FORK_DELETE, [handle.0])?, "a fork")?;
        Ok(at.next())
    }

    /// The oldest chunks of a log's own part.
    pub(super) fn oldest_chunks(&self, handle: Handle) -> Result<Vec<ChunkHead>, WorkError> {
        sql::all(self.conn, sql::CHUNK_OLDEST, (handle.0, CHUNKS_MAX), |row| {
            let (first, count) = (Seq(unsigned(row.get(1)?)?), unsigned(row.get(2)?)?);
            Ok(ChunkHead { chunk: row.get(0)?, first, count })
        })
    }

    /// Drops chunks, oldest first, and cuts the one that holds the goal. Returns where the log begins then.
    fn drop_chunks(&self, handle: Handle, log: LogHead, goal: Seq) -> Result<Seq, WorkError> {
        let has_ids = self.has_ids(handle)?;
        let mut earliest = log.earliest;
        for head in self.oldest_chunks(handle)? {
            if head.first != earliest {
                return Err(corrupt(format!("session {} has no chunk from {earliest} on", handle.0)));
            }
            if earliest >= goal {
                break;
            }
            let next = head.last().next();
            if has_ids || next > goal {
                let chunk = self.chunk(&head)?;
                self.forget_ids(handle, &chunk.events(Seq(0), Seq(goal.0 - 1))?)?;
                if next > goal {
                    self.cut_chunk(&head, chunk, goal)?;
                    return Ok(goal);
                }
            }
            exactly_one(sql::write(self.conn, sql::CHUNK_DELETE, [head.chunk])?, "a chunk")?;
            earliest = next;
        }
        Ok(earliest)
    }

    pub(super) fn chunk(&self, head: &ChunkHead) -> Result<Chunk, WorkError> {
        let chunk = sql::one(self.conn, sql::CHUNK_PAYLOAD, [head.chunk], |row| {
            let payload: Vec<u8> = row.get(0)?;
            Ok(Chunk::decode(head.first, &payload)?)
        })?;
        chunk.ok_or_else(|| corrupt(format!("chunk {} is missing", head.chunk)))
    }

    /// Leaves of a chunk what it has from a position on.
    pub(super) fn cut_chunk(&self, head: &ChunkHead, chunk: Chunk, goal: Seq) -> Result<(), WorkError> {
        let count = head.count - (goal.0 - head.first.0);
        let payload = record::encode_chunk(chunk.from(goal)?)?;
        let row = (head.chunk, signed(goal.0), signed(count), payload);
        exactly_one(sql::write(self.conn, sql::CHUNK_TRIM, row)?, "a chunk")
    }

    /// Drops rows of the tail, oldest first, and cuts the one that holds the goal. Nothing is folded before them.
    fn drop_rows(&mut self, handle: Handle, log: LogHead, goal: Seq) -> Result<LogHead, WorkError> {
        let last = Seq((goal.0 - 1).min(log.folded.0.saturating_add(EVENTS_MAX)));
        let rows = tail::rows(self.conn, handle, log, (log.folded, last))?;
        let has_ids = self.has_ids(handle)?;
        let (mut folded, mut dead) = (log.folded, 0_i64);
        for row in rows {
            let (pos, first, end) = (row.pos, row.first, row.last());
            let is_cut = end >= goal;
            if has_ids || is_cut {
                let payload = row.into_payload(self.conn)?;
                let mut gone = record::decode_events(first, &payload)?;
                gone.retain(|event| event.seq < goal);
                self.forget_ids(handle, &gone)?;
                if is_cut {
                    let left = record::skip_events(first, &payload, goal.0 - first.0)?;
                    let row = (pos, signed(goal.0), signed(end.0 - goal.0 + 1), left);
                    exactly_one(sql::write(self.conn, sql::LOG_TRIM, row)?, "a row of the log")?;
                    folded = Seq(goal.0 - 1);
                    break;
                }
            }
            (folded, dead) = (end, dead + 1);
        }
        if dead > 0 {
            self.memory.is_untidy = true;
            sql::write(self.conn, sql::LITTER_ADD, [dead])?;
        }
        Ok(LogHead { earliest: folded.next(), ..log.folded_to(folded) })
    }
}
