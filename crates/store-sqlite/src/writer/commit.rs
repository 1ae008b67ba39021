//! Keeping a decision: guards first, then its writes.

use rusqlite::params;
use tenure_core::id::Seq;
use tenure_core::lease::Lease;
use tenure_core::session::{Counters, Session};
use tenure_core::time::WallTime;
use tenure_store::{CommitOutcome, Committed, Handle, Slot, record};

use super::work::{Evidence, Work, exactly_one};
use crate::chain::Chain;
use crate::error::WorkError;
use crate::heads::Head;
use crate::request::{Commit, SessionWrite};
use crate::row::{LogHead, SlotRow, Stored, corrupt, signed};
use crate::sql;

/// What a commit found under the write lock.
struct Ground {
    /// The slot that guards it, if it is named and was ever used.
    slot: Option<SlotRow>,
    /// The session that it was decided on.
    on: Option<Stored>,
}

impl Ground {
    fn counters(&self) -> Counters {
        match (&self.slot, &self.on) {
            (Some(slot), _) => slot.counters,
            (None, Some(stored)) => stored.guard(),
            (None, None) => Counters::default(),
        }
    }

    /// The session that it should have been decided on. The revision alone does not tell: a slot can be
    /// empty, or hold what was imported at revision 0.
    fn handle(&self, commit: &Commit) -> Option<Handle> {
        match &commit.slot {
            Some(_) => self.slot.map(|slot| Handle(slot.newest)),
            None => self.on.as_ref().map(|stored| stored.handle),
        }
    }
}

impl Work<'_> {
    pub(super) fn commit(&mut self, commit: &mut Commit) -> Result<CommitOutcome, WorkError> {
        let ground = Ground {
            slot: commit.slot.as_ref().map(|slot| self.find_slot(slot)).transpose()?.flatten(),
            on: commit.on.map(|handle| self.stored(handle)).transpose()?.flatten(),
        };
        if let Some(outcome) = self.guard(commit, &ground)? {
            return Ok(outcome);
        }
        let slot = self.slot_to_write(commit, &ground)?;
        let on = ground.on.as_ref();
        let mut committed = Committed {
            handle: on.map_or(Handle(0), |stored| stored.handle),
            head: on.map_or_else(Default::default, |stored| stored.log.seq),
            revision: commit.counters.revision,
            at: self.wall(),
        };
        let mut writes = std::mem::take(&mut commit.writes);
        for write in &mut writes {
            (committed.handle, committed.head) = self.write_session(commit, write, (on, slot))?;
        }
        commit.writes = writes;
        if let Some(slot) = slot.filter(|_| !commit.writes.is_empty()) {
            self.write_slot(slot, &ground, commit.counters, committed.handle)?;
        }
        Ok(CommitOutcome::Committed(committed))
    }

    fn find_slot(&self, slot: &Slot) -> Result<Option<SlotRow>, WorkError> {
        let key = (slot.namespace.as_str(), slot.key.as_str(), record::kind_code(slot.kind));
        sql::one(self.conn, sql::FIND_SLOT, key, SlotRow::of)
    }

    /// The first guard that fails is the outcome.
    fn guard(&mut self, commit: &Commit, ground: &Ground) -> Result<Option<CommitOutcome>, WorkError> {
        let counters = ground.counters();
        if counters.revision != commit.expected || ground.handle(commit) != commit.on {
            return Ok(Some(CommitOutcome::RevisionConflict { actual: counters.revision }));
        }
        let session = ground.on.as_ref().map(|stored| &stored.session);
        let held = session.and_then(|session| session.lease.as_ref()).map(|lease| lease.fence);
        if commit.fence.is_some() && commit.fence != held {
            return Ok(Some(CommitOutcome::Fenced { current: counters.fence }));
        }
        if let Some(judged) = commit.judged
            && !matches!(judged.holds(session, &self.now), Ok(true))
        {
            return Ok(Some(CommitOutcome::Rejudge));
        }
        for write in commit.writes.iter().filter(|write| write.opens) {
            if self.has_id(&write.session)? {
                return Ok(Some(CommitOutcome::IdTaken));
            }
        }
        Ok(None)
    }

    fn has_id(&mut self, session: &Session) -> Result<bool, WorkError> {
        match self.memory.namespace(self.conn, &session.namespace)? {
            Some(ns) => sql::any(self.conn, sql::SESSION_HAS_ID, (ns, session.id.as_str())),
            None => Ok(false),
        }
    }

    /// The slot's number; it gets one if it was never used.
    fn slot_to_write(&mut self, commit: &Commit, ground: &Ground) -> Result<Option<i64>, WorkError> {
        match (&commit.slot, ground.slot) {
            (_, Some(found)) => Ok(Some(found.slot)),
            (Some(_), None) if commit.writes.is_empty() => Ok(None),
            (Some(slot), None) => {
                let ns = self.memory.namespace_or_new(self.conn, &slot.namespace)?;
                let row = (ns, record::kind_code(slot.kind), slot.key.as_str());
                sql::write(self.conn, sql::SLOT_INSERT, row)?;
                Ok(Some(self.conn.last_insert_rowid()))
            }
            (None, None) => Ok(ground.on.as_ref().and_then(|stored| stored.slot).map(|(slot, _)| slot)),
        }
    }

    fn write_slot(
        &self,
        slot: i64,
        ground: &Ground,
        counters: Counters,
        newest: Handle,
    ) -> Result<(), WorkError> {
        let row = (
            slot,
            signed(counters.revision.0),
            signed(counters.fence.0),
            newest.0,
            signed(ground.counters().revision.0),
        );
        exactly_one(sql::write(self.conn, sql::SLOT_UPDATE, row)?, "a slot")
    }

    fn write_session(
        &mut self,
        commit: &Commit,
        write: &mut SessionWrite,
        (on, slot): (Option<&Stored>, Option<i64>),
    ) -> Result<(Handle, Seq), WorkError> {
        if write.opens {
            return self.open(commit, write, slot);
        }
        let on = on.filter(|stored| stored.session.id == write.session.id);
        let on = on.ok_or_else(|| corrupt("a commit writes a session that it was not decided on"))?;
        let handle = on.handle;
        // What came in between is kept: activity never moves back, and a lease or note that was only carried
        // along is not written.
        let session = &mut write.session;
        session.last_activity_at = session.last_activity_at.max(on.session.last_activity_at);
        if !write.has_lease_change {
            session.lease.clone_from(&on.session.lease);
        }
        let mut chain = self.chain_of(handle)?;
        let log = self.write_batch(handle, on.log, &mut chain, (&mut write.batch, commit.fence))?;
        self.update(commit, write, handle, log)?;
        self.write_head(handle, (on.log, log), write.session.last_activity_at)?;
        self.wrote(commit, write, handle, (log, chain));
        Ok((handle, log.seq))
    }

    /// The trees of a session's log, if they are remembered.
    fn chain_of(&mut self, handle: Handle) -> Result<Option<Chain>, WorkError> {
        let head = self.memory.heads.of(self.conn, handle)?;
        Ok(head.and_then(|head| head.chain.take()))
    }

    fn open(
        &mut self,
        commit: &Commit,
        write: &mut SessionWrite,
        slot: Option<i64>,
    ) -> Result<(Handle, Seq), WorkError> {
        let ns = self.memory.namespace_or_new(self.conn, &write.session.namespace)?;
        let session = &write.session;
        let seq = write.batch.count;
        let row = params![
            ns,
            session.id.as_str(),
            record::kind_code(session.kind),
            slot.filter(|_| session.key.is_some()),
            record::state_code(session.state.name()),
            signed(commit.counters.revision.0),
            signed(commit.counters.fence.0),
            due_at(session),
            commit.commit_id.0,
            signed(seq),
            signed(self.wall().epoch_ms()),
            write.grant,
            write.activity,
            write.body,
        ];
        sql::write(self.conn, sql::SESSION_INSERT, row)?;
        let handle = Handle(self.conn.last_insert_rowid());
        self.write_lease(handle, session.lease.as_ref())?;
        let mut chain = Some(Chain::default());
        let log =
            self.write_batch(handle, LogHead::default(), &mut chain, (&mut write.batch, commit.fence))?;
        let (depth, at) = (signed(log.depth), signed(write.session.last_activity_at.epoch_ms()));
        sql::write(self.conn, sql::HEAD_INSERT, (handle.0, signed(log.seq.0), log.pos, depth, at))?;
        self.wrote(commit, write, handle, (log, chain));
        Ok((handle, log.seq))
    }

    fn update(
        &self,
        commit: &Commit,
        write: &SessionWrite,
        handle: Handle,
        log: LogHead,
    ) -> Result<(), WorkError> {
        let session = &write.session;
        if write.has_lease_change {
            self.write_lease(handle, session.lease.as_ref())?;
        }
        let row = params![
            handle.0,
            session.id.as_str(),
            record::state_code(session.state.name()),
            signed(commit.counters.revision.0),
            signed(commit.counters.fence.0),
            due_at(session),
            commit.commit_id.0,
            signed(log.seq.0),
            signed(self.wall().epoch_ms()),
            write.has_lease_change,
            write.grant,
            write.has_activity_change,
            write.activity,
            write.body,
        ];
        exactly_one(sql::write(self.conn, sql::SESSION_UPDATE, row)?, "a session")
    }

    fn write_lease(&self, handle: Handle, lease: Option<&Lease>) -> Result<(), WorkError> {
        let Some(lease) = lease else {
            sql::write(self.conn, sql::LEASE_DELETE, [handle.0])?;
            return Ok(());
        };
        let columns = record::term_columns(&lease.term);
        let row =
            (handle.0, signed(lease.fence.0), columns.renewed.map(signed), columns.renewed_wall.map(signed));
        sql::write(self.conn, sql::LEASE_WRITE, row).map(drop)
    }

    /// Remembers a session as it was written, and who is to be told.
    fn wrote(
        &mut self,
        commit: &Commit,
        write: &SessionWrite,
        handle: Handle,
        (log, chain): (LogHead, Option<Chain>),
    ) {
        self.memory.heads.keep(handle, Head::of(&write.session, log, chain));
        self.evidence = Some(Evidence::Commit { handle, id: commit.commit_id });
        self.changed.push(handle);
    }
}

fn due_at(session: &Session) -> Option<i64> {
    session.due_at().map(WallTime::epoch_ms).map(signed)
}
