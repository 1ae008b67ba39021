//! Handing a log on to its forks, before it is dropped or purged.
//!
//! What forks read becomes a *trunk*: chunks that belong to no session, in which from then on the session's own
//! log begins too, like a fork's. Nothing is copied but what has to be folded for it, each step leaves a store in
//! which everybody reads what they read before, and after the last one no fork refers to the session. What is damaged
//! goes with the rest, so that whoever could not read it still cannot, and everything else is read as before.

use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::Handle;
use tenure_store::record::{self, Batch, Chunk};

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
            self.fold_for_forks(handle)?;
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

    /// Folds a tail whatever is wrong with it. What cannot be read of it is no more readable in forks, and is told.
    fn fold_for_forks(&mut self, handle: Handle) -> Result<(), WorkError> {
        match fold::fold_any(self.conn, self.memory, handle, self.limits) {
            Err(why) if why.is_damage() => {}
            folded => return folded,
        }
        for (first, last) in fold::fold_torn(self.conn, self.memory, handle, self.limits)? {
            self.lost.push(format!(
                "the events from {first} to {last} of its log cannot be read, by its forks either"
            ));
        }
        Ok(())
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

    /// Gives chunks to a trunk, up to position `last`, or beyond where one cannot be taken apart. Returns the last
    /// position that was given.
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
                match self.shared(&head, last) {
                    Ok(Shared { events, half }) => {
                        self.give_ids(from, to, &events)?;
                        if let Some((half, chunk)) = half {
                            self.give_half(to, &head, half)?;
                            self.cut_chunk(&head, chunk, last.next())?;
                            return Ok(last);
                        }
                    }
                    // It cannot be taken apart: whatever can be read of it goes with it.
                    Err(why) if why.is_damage() => {
                        let range = (from.0, to.0, signed(head.first.0), signed(end.0));
                        sql::write(self.conn, sql::EVENT_ID_GIVE_RANGE, range)?;
                    }
                    Err(why) => return Err(why),
                }
            }
            exactly_one(sql::write(self.conn, sql::CHUNK_GIVE, (head.chunk, to.0))?, "a chunk")?;
            given = end;
        }
        Ok(given)
    }

    /// What of a chunk is up to position `last`.
    fn shared(&self, head: &ChunkHead, last: Seq) -> Result<Shared, WorkError> {
        let chunk = self.chunk(head)?;
        let events = chunk.events(Seq(0), last)?;
        let half = if head.last() > last { Some((chunk.until(last)?, chunk)) } else { None };
        Ok(Shared { events, half })
    }

    fn give_half(&self, to: Handle, head: &ChunkHead, half: Vec<Batch>) -> Result<(), WorkError> {
        let count: u64 = half.iter().map(|batch| batch.count).sum();
        let payload = record::encode_chunk(half)?;
        let recent: Option<Vec<u8>> = None;
        let row = (to.0, signed(head.first.0), signed(count), recent, payload);
        sql::write(self.conn, sql::CHUNK_INSERT, row).map(drop)
    }
}

/// What a trunk takes of a chunk.
struct Shared {
    /// The events that it takes.
    events: Vec<Event>,
    /// If that is not everything: what it takes, and the chunk.
    half: Option<(Vec<Batch>, Chunk)>,
}
