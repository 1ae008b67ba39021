//! Keeping turns: an instance's history, its session, and whom it starts and writes to.
//!
//! This is the path that everything waits for. What it needs is remembered with the head of the session, so that a
//! turn reads nothing: a middle one is two statements.

use rusqlite::{ErrorCode, ffi, params};
use tenure_core::id::{Fence, SessionId};
use tenure_core::kind::Kind;
use tenure_store::{Ground, Handle, Placed, TurnDone, TurnOutcome, WorkerHandle};

use super::commit::due_at;
use super::placing::placed_column;
use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::heads::Instance;
use crate::request::{Opening, Tasked, Turn};
use crate::row::{LogHead, corrupt, history_of, signed};
use crate::sql;
use crate::watches::WORKERS;

/// An instance that is to be opened: who holds it, and when it is looked after.
#[derive(Debug, Clone, Copy)]
struct Stand {
    worker: Option<i64>,
    wake: Option<i64>,
}

impl Work<'_> {
    /// Whatever fails, the turn is left as it came, so that it can be worked on again.
    pub(super) fn keep_turn(&mut self, turn: &mut Turn) -> Result<TurnOutcome, WorkError> {
        match turn.ground {
            Ground::New => self.keep_first(turn),
            Ground::Held { handle, fence, turn: kept } => self.keep_next(turn, (handle, fence, kept)),
        }
    }

    fn keep_first(&mut self, turn: &mut Turn) -> Result<TurnOutcome, WorkError> {
        if let Some(worker) = turn.worker
            && !self.memory.may_hold(self.conn, worker)?
        {
            let told = self.told_first(turn)?;
            return Ok(told.unwrap_or(TurnOutcome::Fenced { current: Fence(0) }));
        }
        let taken = TurnOutcome::IdTaken { start: None };
        // With others to be opened it must be known before, as nothing is written where one of them is refused.
        if !turn.starts.is_empty() {
            if self.with_id_of(&opening(turn)?.session())?.is_some() {
                return Ok(self.told_first(turn)?.unwrap_or(taken));
            }
            if let Some(start) = self.taken_start(turn)? {
                return Ok(TurnOutcome::IdTaken { start: Some(start) });
            }
        }
        let stand = Stand { worker: turn.worker.map(|worker| worker.0), wake: turn.wake };
        let opened = match &mut turn.session {
            Some(write) => self.open_instance(write, (&turn.history, &turn.tasks), stand),
            None => Err(no_session()),
        };
        let (handle, placed) = match opened {
            Err(why) if is_taken(&why) => return Ok(self.told_first(turn)?.unwrap_or(taken)),
            opened => opened?,
        };
        let stamp = opening(turn)?.stamp;
        let started = self.leave(turn, handle)?;
        let (revision, fence) = (stamp.counters.revision, stamp.counters.fence);
        Ok(TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed }))
    }

    fn keep_next(
        &mut self,
        turn: &mut Turn,
        (handle, fence, kept): (Handle, Fence, u64),
    ) -> Result<TurnOutcome, WorkError> {
        let Some(mut known) = self.memory.heads.instance(self.conn, handle)?.cloned() else {
            return self.told_ended(turn, (handle, fence));
        };
        if known.commit == turn.commit_id {
            let revision = known.session.counters.revision;
            let (started, placed) = (self.started(turn, handle)?, self.placed_tasks(turn, handle)?);
            return Ok(TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed }));
        }
        let worker = turn.worker.filter(|worker| known.worker == Some(worker.0));
        let is_held = match worker {
            Some(worker) => self.memory.may_hold(self.conn, worker)?,
            None => false,
        };
        if !is_held || known.fence != fence || known.turn != kept {
            return Ok(TurnOutcome::Fenced { current: known.fence });
        }
        if turn.session.is_some() && turn.expected != known.session.counters.revision {
            let stored = self.stored(handle)?.ok_or_else(|| corrupt("an instance without its session"))?;
            return Ok(TurnOutcome::RevisionConflict { session: Box::new(stored.session) });
        }
        if let Some(start) = self.taken_start(turn)? {
            return Ok(TurnOutcome::IdTaken { start: Some(start) });
        }
        self.add_history(handle, &turn.history, &mut known)?;
        for mid in &turn.taken {
            sql::write(self.conn, sql::MESSAGE_TAKE, (mid, handle.0))?;
        }
        known.turn += 1;
        known.commit = turn.commit_id;
        let has_ended = turn.session.as_ref().is_some_and(|opening| opening.write.session.is_terminal());
        if let Some(opening) = &mut turn.session {
            self.change_session(handle, &known, opening)?;
            known.session = opening.session();
        }
        let revision = known.session.counters.revision;
        self.withdraw(handle, &turn.withdrawn)?;
        if known.has_tasks && (has_ended || turn.history.len() > 1) {
            self.withdraw_all(handle)?;
            known.has_tasks = false;
        }
        let mut placed = Vec::new();
        if has_ended {
            exactly_one(self.hot.instance_delete.execute(self.conn, [handle.0])?, "an instance")?;
            if known.has_mail {
                sql::write(self.conn, sql::MESSAGE_DROP, [handle.0])?;
            }
        } else {
            placed = self.place_tasks(&turn.tasks, handle, &mut known)?;
            self.update_instance(handle, &known, (turn.wake, &placed))?;
            self.memory.heads.keep_instance(handle, Some(known));
        }
        let started = self.leave(turn, handle)?;
        if has_ended {
            // Most are never asked for again, and what is remembered stays small.
            self.memory.heads.forget(handle);
        }
        Ok(TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed }))
    }

    fn update_instance(
        &mut self,
        handle: Handle,
        known: &Instance,
        (wake, placed): (Option<i64>, &[Placed]),
    ) -> Result<(), WorkError> {
        let row = (
            handle.0,
            signed(known.execution),
            signed(known.turn),
            known.history,
            wake,
            known.commit.0,
            signed(known.fence.0),
            known.worker,
            placed_column(placed),
        );
        exactly_one(self.hot.instance_update.execute(self.conn, row)?, "an instance")
    }

    /// Opens an instance with what its history begins with.
    fn open_instance(
        &mut self,
        opening: &mut Opening,
        (history, tasks): (&[Vec<u8>], &[Tasked]),
        stand: Stand,
    ) -> Result<(Handle, Vec<Placed>), WorkError> {
        let session = opening.session();
        let added = i64::try_from(history.len()).unwrap_or(i64::MAX);
        let last = if added == 0 { 0 } else { self.memory.newest_history(self.conn)?.saturating_add(added) };
        let ended_with = session.is_terminal().then_some(last);
        let (stamp, write) = (opening.stamp, &mut opening.write);
        let (handle, _) = self.open(stamp, write, (None, LogHead::default(), ended_with))?;
        let mut known = Instance {
            execution: 1,
            turn: 1,
            history: 0,
            worker: stand.worker,
            fence: stamp.counters.fence,
            commit: stamp.commit_id,
            has_mail: false,
            has_tasks: false,
            session,
        };
        self.add_history(handle, history, &mut known)?;
        // What it leaves behind may come after it, and this is the first trace of all of it.
        self.evidence = Some(Evidence::Commit { handle, id: stamp.commit_id });
        if ended_with.is_some() {
            return Ok((handle, Vec::new()));
        }
        let placed = self.place_tasks(tasks, handle, &mut known)?;
        let row = (
            handle.0,
            signed(known.execution),
            known.history,
            stand.worker,
            signed(known.fence.0),
            stand.wake,
            known.commit.0,
            placed_column(&placed),
        );
        self.hot.instance_insert.execute(self.conn, row)?;
        match stand.worker {
            Some(_) => self.memory.heads.keep_instance(handle, Some(known)),
            None if stand.wake.is_some() => self.call_workers(),
            None => {}
        }
        Ok((handle, placed))
    }

    /// Adds what a commit says to a history: one row for each execution.
    fn add_history(
        &mut self,
        handle: Handle,
        parts: &[Vec<u8>],
        known: &mut Instance,
    ) -> Result<(), WorkError> {
        for (number, payload) in parts.iter().enumerate() {
            known.execution += u64::from(number > 0);
            let pos = self.memory.next_history(self.conn)?;
            let row = (pos, handle.0, signed(known.execution), known.history, payload);
            self.hot.history_insert.execute(self.conn, row)?;
            known.history = pos;
            self.evidence = Some(Evidence::History { pos, handle });
        }
        Ok(())
    }

    /// Writes the session of an instance. Its lease is its worker's, and nobody says what it is doing.
    fn change_session(
        &mut self,
        handle: Handle,
        known: &Instance,
        opening: &mut Opening,
    ) -> Result<(), WorkError> {
        let (session, stamp) = (opening.session(), opening.stamp);
        let head = self.memory.heads.of(self.conn, handle)?.ok_or_else(|| corrupt("a session is gone"))?;
        let (ns, from, mut chain) = (head.ns, head.log, head.chain.take());
        let heard = head.last_activity.max(session.last_activity_at);
        self.counts.changed(ns, &known.session, &session);
        if handle.0 <= self.memory.folded(self.conn)? {
            self.catalog.change((ns, handle), &known.session, &session);
        }
        let batch = (&mut opening.write.batch, stamp.fence);
        let log = self.write_batch((ns, handle), from, &mut chain, batch)?;
        let row = params![
            handle.0,
            tenure_store::record::state_code(session.state.name()),
            signed(stamp.counters.revision.0),
            signed(stamp.counters.fence.0),
            due_at(&session),
            stamp.commit_id.0,
            signed(log.seq.0),
            signed(self.wall().epoch_ms()),
            opening.write.body,
            session.is_terminal().then_some(known.history),
        ];
        exactly_one(self.hot.session_turn.execute(self.conn, row)?, "a session")?;
        self.write_head(handle, (from, log), heard)?;
        if let Some(head) = self.memory.heads.of(self.conn, handle)? {
            (head.log, head.chain, head.last_activity) = (log, chain, heard);
            head.closed = session.is_terminal();
        }
        self.evidence = Some(Evidence::Commit { handle, id: stamp.commit_id });
        self.changed.push(handle);
        Ok(())
    }

    /// What a turn leaves behind for others: instances that it starts, and messages.
    fn leave(&mut self, turn: &mut Turn, from: Handle) -> Result<Vec<Handle>, WorkError> {
        let mut started = Vec::with_capacity(turn.starts.len());
        for (start, history) in &mut turn.starts {
            let stand = Stand { worker: None, wake: Some(0) };
            started.push(self.open_instance(start, (history, &[]), stand)?.0);
        }
        if !turn.sends.is_empty() {
            let head = self.memory.heads.of(self.conn, from)?.ok_or_else(|| corrupt("a session is gone"))?;
            let ns = head.ns;
            for (to, mail) in &turn.sends {
                self.send((ns, to), mail)?;
            }
        }
        Ok(started)
    }

    /// Which of those that a turn opens has an id that is in use, also by another one of them.
    fn taken_start(&mut self, turn: &Turn) -> Result<Option<usize>, WorkError> {
        if turn.starts.is_empty() {
            return Ok(None);
        }
        let own = turn.session.as_deref().filter(|opening| opening.write.opens).map(Opening::session);
        let mut ids: std::collections::HashSet<SessionId> =
            own.iter().map(|session| session.id.clone()).collect();
        for (number, (start, _)) in turn.starts.iter().enumerate() {
            let session = start.session();
            if !ids.insert(session.id.clone()) || self.with_id_of(&session)?.is_some() {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// What is told of a first turn that was kept before, if it was.
    fn told_first(&mut self, turn: &Turn) -> Result<Option<TurnOutcome>, WorkError> {
        let Some(handle) = self.with_id_of(&opening(turn)?.session())? else {
            return Ok(None);
        };
        let fence = opening(turn)?.stamp.counters.fence;
        let known = match self.memory.heads.instance(self.conn, handle)?.cloned() {
            Some(known) if known.commit == turn.commit_id => {
                Some((known.session.counters.revision, known.fence))
            }
            Some(_) => None,
            None => {
                let stored = self.stored(handle)?.filter(|stored| stored.commit.id == turn.commit_id);
                stored.map(|stored| (stored.session.counters.revision, fence))
            }
        };
        let Some((revision, fence)) = known else {
            return Ok(None);
        };
        let (started, placed) = (self.started(turn, handle)?, self.placed_tasks(turn, handle)?);
        Ok(Some(TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed })))
    }

    /// What is told of a turn whose instance is no longer open: that it was the one that ended it, or that it is late.
    fn told_ended(
        &mut self,
        turn: &Turn,
        (handle, fence): (Handle, Fence),
    ) -> Result<TurnOutcome, WorkError> {
        let Some(stored) = self.stored(handle)? else {
            return Ok(TurnOutcome::Fenced { current: Fence(0) });
        };
        if stored.commit.id != turn.commit_id {
            return Ok(TurnOutcome::Fenced { current: stored.session.counters.fence });
        }
        let revision = stored.session.counters.revision;
        let (started, placed) = (self.started(turn, handle)?, self.placed_tasks(turn, handle)?);
        Ok(TurnOutcome::Committed(TurnDone { handle, revision, fence, started, placed }))
    }

    /// What a turn that was kept before had started.
    fn started(&mut self, turn: &Turn, by: Handle) -> Result<Vec<Handle>, WorkError> {
        let mut started = Vec::with_capacity(turn.starts.len());
        for (start, _) in &turn.starts {
            // One that has ended may have been removed since.
            started.push(self.with_id_of(&start.session())?.unwrap_or(by));
        }
        Ok(started)
    }

    /// The fence under which an instance is held, if it is.
    pub(super) fn held_under(&mut self, handle: Handle) -> Result<Option<Fence>, WorkError> {
        let known = self.memory.heads.instance(self.conn, handle)?;
        let Some((worker, fence)) = known.and_then(|known| Some((known.worker?, known.fence))) else {
            return Ok(None);
        };
        Ok(self.memory.may_hold(self.conn, WorkerHandle(worker))?.then_some(fence))
    }

    /// An instance was ended by somebody else than its holder: nobody holds it any more.
    pub(super) fn end_instance(&mut self, handle: Handle) -> Result<(), WorkError> {
        let history = history_of(self.conn, handle)?;
        self.hot.instance_delete.execute(self.conn, [handle.0])?;
        sql::write(self.conn, sql::MESSAGE_DROP, [handle.0])?;
        self.withdraw_all(handle)?;
        sql::write(self.conn, sql::SESSION_ENDED, (handle.0, history))?;
        // Its holder finds out with its next turn.
        Ok(())
    }

    /// Wakes whoever pays attention to messages and to instances that nobody holds.
    pub(super) fn call_workers(&mut self) {
        if self.changed.last() != Some(&WORKERS) {
            self.changed.push(WORKERS);
        }
    }
}

/// The session that a first turn opens.
fn opening(turn: &Turn) -> Result<&Opening, WorkError> {
    turn.session
        .as_deref()
        .filter(|opening| opening.write.session.kind == Kind::Workflow)
        .ok_or_else(no_session)
}

fn no_session() -> WorkError {
    corrupt("a turn that opens no instance")
}

/// Whether it failed because a session has that id.
fn is_taken(why: &WorkError) -> bool {
    let WorkError::Sqlite(rusqlite::Error::SqliteFailure(error, _)) = why else {
        return false;
    };
    error.code == ErrorCode::ConstraintViolation && error.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE
}
