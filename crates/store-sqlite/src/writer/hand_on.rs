//! Handing a log on to its forks, before it is dropped or purged.
//!
//! What forks read becomes a *trunk*: chunks that belong to no session, in which from then on the session's own
//! log begins too, like a fork's. Nothing is copied but what has to be folded for it, each step leaves a store in
//! which everybody reads what they read before, and after the last one no fork refers to the session.

use tenure_core::id::Seq;
use tenure_store::Handle;
use tenure_store::record::{self, Chunk};

use super::compact::ChunkHead;
use super::fold;
use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::{LogHead, corrupt, signed, unsigned};
use crate::{sql, trail};

impl Work<'_> {
    /// Hands on some of what forks read of a session's own log. Returns whether there is more.
    pub(super) fn hand_on(&mut self, handle: Handle) -> Result<bool, WorkError> {
        let farthest = sql::one(self.conn, sql::FORK_FARTHEST, [handle.0], |row| unsigned(row.get(0)?))?;
        let Some(farthest) = farthest.map(Seq) else {
            return Ok(false);
        };
        let Some(log) = self.memory.heads.of(self.conn, handle)?.map(|head| head.log) else {
            return Ok(false);
        };
        let chunks = self.oldest_chunks(handle)?;
        let Some(first) = chunks.first().map(|chunk| chunk.first) else {
            fold::fold_any(self.conn, self.memory, handle, self.limits)?;
            return Ok(true);
        };
        let trunk = self.trunk(handle, log, first)?;
        let to = self.give((handle, trunk), chunks, farthest)?;
        let seq = signed(to.0);
        exactly_one(sql::write(self.conn, sql::TRUNK_UPDATE, (trunk.0, seq))?, "a trunk")?;
        sql::write(self.conn, sql::FORK_WRITE, (handle.0, trunk.0, seq))?;
        sql::write(self.conn, sql::FORK_MOVE, (handle.0, trunk.0, seq))?;
        Ok(to < farthest)
    }

    /// The trunk that takes over what a session's own log begins with: at `first`.
    ///
    /// The one in which the log begins already is made longer, unless something of it was dropped there: then an
    /// id of what was dropped may be in use again.
    fn trunk(&self, handle: Handle, log: LogHead, first: Seq) -> Result<Handle, WorkError> {
        let base = trail::base_of(self.conn, handle)?;
        if let Some((base, at)) = base
            && let Some((begins, seq)) = trail::trunk(self.conn, base)?
            && seq == at
            && log.earliest <= begins
        {
            return Ok(base);
        }
        let first = signed(first.0);
        let made = sql::one(self.conn, sql::TRUNK_INSERT, (first, first), |row| Ok(Handle(row.get(0)?)))?;
        let made = made.ok_or_else(|| corrupt("a trunk was not made"))?;
        if let Some((base, at)) = base {
            sql::write(self.conn, sql::FORK_WRITE, (made.0, base.0, signed(at.0)))?;
        }
        Ok(made)
    }

    /// Gives chunks to a trunk, up to position `last`. Returns the last position that was given.
    fn give(
        &self,
        (from, to): (Handle, Handle),
        chunks: Vec<ChunkHead>,
        last: Seq,
    ) -> Result<Seq, WorkError> {
        let has_ids = self.has_ids(from)?;
        let mut given = Seq(0);
        for head in chunks.into_iter().take_while(|head| head.first <= last) {
            let end = head.last();
            if has_ids || end > last {
                let chunk = self.chunk(&head)?;
                self.give_ids(from, to, &chunk.events(Seq(0), last)?)?;
                if end > last {
                    self.give_half(to, &head, chunk, last)?;
                    return Ok(last);
                }
            }
            exactly_one(sql::write(self.conn, sql::CHUNK_GIVE, (head.chunk, to.0))?, "a chunk")?;
            given = end;
        }
        Ok(given)
    }

    fn give_half(&self, to: Handle, head: &ChunkHead, chunk: Chunk, last: Seq) -> Result<(), WorkError> {
        let count = signed(last.0 - head.first.0 + 1);
        let payload = record::encode_chunk(chunk.until(last)?)?;
        let recent: Option<Vec<u8>> = None;
        sql::write(self.conn, sql::CHUNK_INSERT, (to.0, signed(head.first.0), count, recent, payload))?;
        self.cut_chunk(head, chunk, last.next())
    }
}
