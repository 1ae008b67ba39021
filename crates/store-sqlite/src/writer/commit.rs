//! Keeping a decision: guards first, then its writes.

use rusqlite::params;
use tenure_core::id::Seq;
use tenure_core::kind::Kind;
use tenure_core::lease::Lease;
use tenure_core::session::{Counters, Session};
use tenure_core::time::WallTime;
use tenure_store::{CommitOutcome, Committed, Handle, Slot, record};

use super::work::{Evidence, Work, exactly_one};
use crate::chain::Chain;
use crate::error::WorkError;
use crate::heads::Head;
use crate::request::{Commit, SessionWrite, Stamp};
use crate::row::{LogHead, SlotRow, Stored, corrupt, signed};
use crate::sql;

/// What a commit found under the write lock.
struct Ground {
    /// The session that it was decided on.
    on: Option<Stored>,
    /// The slot that guards it: the one that it names, else that of its session.
    slot: Option<Slot>,
    /// That slot's row, if it was ever used.
    row: Option<SlotRow>,
}

impl Ground {
    fn counters(&self) -> Counters {
        match (&self.row, &self.on) {
            (Some(row), _) => row.counters,
            (None, Some(stored)) => stored.guard(),
            (None, None) => Counters::default(),
        }
    }

    /// The session that it should have been decided on. The revision alone does not tell: a slot can be
    /// empty, or hold what was imported at revision 0.
    fn handle(&self) -> Option<Handle> {
        match &self.slot {
            Some(_) => self.row.map(|row| Handle(row.newest)).filter(|newest| newest.0 != 0),
            None => self.on.as_ref().map(|stored| stored.handle),
        }
    }

    /// Whether it is about what is over and has a successor in its slot: only what becomes of its record changes.
    fn is_past(&self, commit: &Commit) -> bool {
        let is_over = self.on.as_ref().is_some_and(|on| {
            on.session.is_terminal() && (self.slot.is_none() || Slot::of(&on.session) == self.slot)
        });
        is_over && commit.writes.iter().all(|write| !write.opens && write.session.is_terminal())
    }
}

impl Work<'_> {
    /// Whatever fails, the commit is left as it came, so that it can be worked on again.
    pub(super) fn commit(&mut self, commit: &mut Commit) -> Result<CommitOutcome, WorkError> {
        let ground = self.ground(commit)?;
        if let Some(outcome) = self.guard(commit, &ground)? {
            return Ok(outcome);
        }
        let on = ground.on.as_ref();
        let mut committed = Committed {
            handle: on.map_or(Handle(0), |stored| stored.handle),
            head: on.map_or_else(Default::default, |stored| stored.log.seq),
            revision: ground.counters().revision,
            at: self.wall(),
        };
        if commit.writes.is_empty() {
            return Ok(CommitOutcome::Committed(committed));
        }
        let slot = self.slot_to_write(&ground)?;
        let stamp = commit.stamp;
        for write in &mut commit.writes {
            (committed.handle, committed.head) = if write.opens {
                self.open(stamp, write, (slot, LogHead::default(), None))?
            } else {
                self.change(stamp, write, on)?
            };
        }
        committed.revision = stamp.counters.revision;
        if let (Some(value), Some(last)) = (&commit.capture, commit.writes.last()) {
            self.keep_value((committed.handle, last.session.id.clone(), committed.head), value)?;
        }
        if let Some(slot) = slot {
            self.write_slot(slot, &ground, stamp.counters, committed.handle)?;
        }
        Ok(CommitOutcome::Committed(committed))
    }

    fn ground(&self, commit: &Commit) -> Result<Ground, WorkError> {
        let on = commit.on.map(|handle| self.stored(handle)).transpose()?.flatten();
        let slot = commit.slot.clone().or_else(|| on.as_ref().and_then(|stored| Slot::of(&stored.session)));
        let row = slot.as_ref().map(|slot| self.find_slot(slot)).transpose()?.flatten();
        Ok(Ground { on, slot, row })
    }

    pub(super) fn find_slot(&self, slot: &Slot) -> Result<Option<SlotRow>, WorkError> {
        let key = (slot.namespace.as_str(), slot.key.as_str(), record::kind_code(slot.kind));
        sql::one(self.conn, sql::FIND_SLOT, key, SlotRow::of)
    }

    /// The first guard that fails is the outcome.
    fn guard(&mut self, commit: &Commit, ground: &Ground) -> Result<Option<CommitOutcome>, WorkError> {
        let counters = ground.counters();
        let is_held = ground.handle() == commit.on || ground.is_past(commit);
        if counters.revision != commit.expected || !is_held {
            return Ok(Some(CommitOutcome::RevisionConflict { actual: counters.revision }));
        }
        let session = ground.on.as_ref().map(|stored| &stored.session);
        let held = session.and_then(|session| session.lease.as_ref()).map(|lease| lease.fence);
        if commit.stamp.fence.is_some() && commit.stamp.fence != held {
            return Ok(Some(CommitOutcome::Fenced { current: counters.fence }));
        }
        if let Some(judged) = commit.judged
            && !matches!(judged.holds(session, &self.now), Ok(true))
        {
            return Ok(Some(CommitOutcome::Rejudge));
        }
        for write in commit.writes.iter().filter(|write| write.opens) {
            if self.with_id_of(&write.session)?.is_some() {
                return Ok(Some(CommitOutcome::IdTaken));
            }
        }
        if let (Some(value), Some(on)) = (&commit.capture, commit.on)
            && self.checkpoint(on, &value.id)?.is_some()
        {
            return Ok(Some(CommitOutcome::IdTaken));
        }
        if let (Some(place), Some(write)) = (&commit.place, commit.writes.last()) {
            let on = ground.on.as_ref().filter(|_| !write.opens);
            if !self.has_place(place, (on, &write.session))? {
                return Ok(Some(CommitOutcome::Full));
            }
        }
        Ok(None)
    }

    /// The stored session that has the id of this one.
    pub(super) fn with_id_of(&mut self, session: &Session) -> Result<Option<Handle>, WorkError> {
        let Some(ns) = self.memory.namespace(self.conn, &session.namespace)? else {
            return Ok(None);
        };
        sql::one(self.conn, sql::SESSION_SID, (ns, session.id.as_str()), |row| Ok(Handle(row.get(0)?)))
    }

    /// The slot's number; it gets one if it was never used.
    fn slot_to_write(&mut self, ground: &Ground) -> Result<Option<i64>, WorkError> {
        let slot = match (&ground.slot, ground.row) {
            (None, _) => return Ok(None),
            (Some(_), Some(row)) => return Ok(Some(row.slot)),
            (Some(slot), None) => slot,
        };
        let ns = self.memory.namespace_or_new(self.conn, &slot.namespace)?;
        sql::write(self.conn, sql::SLOT_INSERT, (ns, record::kind_code(slot.kind), slot.key.as_str()))?;
        Ok(Some(self.conn.last_insert_rowid()))
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
            ground.row.map_or(newest.0, |row| row.newest.max(newest.0)),
            signed(ground.counters().revision.0),
        );
        exactly_one(sql::write(self.conn, sql::SLOT_UPDATE, row)?, "a slot")
    }

    /// Writes a session that is stored. What came in since it was read is kept: activity never moves back,
    /// and a lease that was only carried along is not written.
    fn change(
        &mut self,
        stamp: Stamp,
        write: &mut SessionWrite,
        on: Option<&Stored>,
    ) -> Result<(Handle, Seq), WorkError> {
        let on = on.filter(|stored| stored.session.id == write.session.id);
        let on = on.ok_or_else(|| corrupt("a commit writes a session that it was not decided on"))?;
        let handle = on.handle;
        let mut session = Session::clone(&write.session);
        session.last_activity_at = session.last_activity_at.max(on.session.last_activity_at);
        if write.has_lease_change {
            self.write_lease(handle, session.lease.as_ref())?;
        } else {
            session.lease.clone_from(&on.session.lease);
        }
        if !write.has_activity_change {
            session.activity.clone_from(&on.session.activity);
        }
        self.counts.changed(on.ns, &on.session, &session);
        if handle.0 <= self.memory.folded(self.conn)? {
            self.catalog.change((on.ns, handle), &on.session, &session);
        }
        let mut chain = self.memory.heads.take_chain(handle);
        let log = self.write_batch((on.ns, handle), on.log, &mut chain, (&mut write.batch, stamp.fence))?;
        let row = params![
            handle.0,
            session.id.as_str(),
            record::state_code(session.state.name()),
            signed(stamp.counters.revision.0),
            signed(stamp.counters.fence.0),
            due_at(&session),
            stamp.commit_id.0,
            signed(log.seq.0),
            signed(self.wall().epoch_ms()),
            write.has_lease_change,
            write.grant,
            write.has_activity_change,
            write.activity,
            write.body,
        ];
        exactly_one(sql::write(self.conn, sql::SESSION_UPDATE, row)?, "a session")?;
        self.write_head(handle, (on.log, log), session.last_activity_at)?;
        if session.group.is_some() {
            self.note_member(handle, &session)?;
        }
        if session.kind == Kind::Workflow && session.is_terminal() {
            self.end_instance(handle)?;
        }
        self.wrote(stamp, handle, Head::of(on.ns, &session, log, chain));
        Ok((handle, log.seq))
    }

    /// Writes a session that is not stored yet; its log begins after `from`. The row with its history is that of an
    /// instance that ends in the same commit.
    pub(super) fn open(
        &mut self,
        stamp: Stamp,
        write: &mut SessionWrite,
        (slot, from, history): (Option<i64>, LogHead, Option<i64>),
    ) -> Result<(Handle, Seq), WorkError> {
        let session = &write.session;
        let ns = self.memory.namespace_or_new(self.conn, &session.namespace)?;
        let row = params![
            ns,
            session.id.as_str(),
            record::kind_code(session.kind),
            slot.filter(|_| session.key.is_some()),
            record::state_code(session.state.name()),
            signed(stamp.counters.revision.0),
            signed(stamp.counters.fence.0),
            due_at(session),
            stamp.commit_id.0,
            signed(from.seq.0.saturating_add(write.batch.count)),
            signed(self.wall().epoch_ms()),
            write.grant,
            write.activity,
            write.body,
            session.parent.as_ref().map(|parent| parent.id.as_str()),
            history,
        ];
        self.hot.session_insert.execute(self.conn, row)?;
        let handle = Handle(self.conn.last_insert_rowid());
        self.opened = self.opened.max(Some(handle));
        self.counts.opened(ns, session);
        if session.lease.is_some() {
            self.write_lease(handle, session.lease.as_ref())?;
        }
        let mut chain = Some(Chain::default());
        let log = self.write_batch((ns, handle), from, &mut chain, (&mut write.batch, stamp.fence))?;
        self.insert_head(handle, log, session.last_activity_at)?;
        if session.is_member() {
            self.note_member(handle, session)?;
        }
        self.wrote(stamp, handle, Head::of(ns, session, log, chain));
        Ok((handle, log.seq))
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

    /// Remembers a session as it was written, and that its watchers are to be told.
    fn wrote(&mut self, stamp: Stamp, handle: Handle, head: Head) {
        self.memory.heads.keep(handle, head);
        self.evidence = Some(Evidence::Commit { handle, id: stamp.commit_id });
        self.changed.push(handle);
    }
}

pub(super) fn due_at(session: &Session) -> Option<i64> {
    session.due_at().map(WallTime::epoch_ms).map(signed)
}
