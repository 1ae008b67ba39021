//! Working on one request inside the group's transaction.

use rusqlite::{CachedStatement, Connection, Params};
use tenure_core::id::{CommitId, Fence, Incarnation, Seq};
use tenure_core::session::Counters;
use tenure_core::time::{Moment, WallTime};
use tenure_store::{Handle, TaskId, record};

use super::memory::Memory;
use super::watch::Concerned;
use crate::catalog::Changes;
use crate::chain::Chain;
use crate::dial;
use crate::error::WorkError;
use crate::figures::Counts;
use crate::options::Limits;
use crate::place::Place;
use crate::request::{Batch, Request};
use crate::row::{LogHead, Stored, corrupt, signed};
use crate::sql;

/// What proves, after a COMMIT with unknown outcome, that the group was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// This row of the log.
    Row { pos: i64, handle: Handle, first: Seq },
    /// This session remembers this commit.
    Commit { handle: Handle, id: CommitId },
    /// Of this session that is to arrive, everything before this position was brought.
    Brought { handle: Handle, next: Seq },
    /// This session, which was there, is not.
    Purge { handle: Handle },
    /// This row of a history.
    History { pos: i64, handle: Handle },
    /// This message.
    Message { mid: i64 },
    /// This worker holds this instance.
    Given { handle: Handle, worker: i64, fence: Fence },
    /// This attempt of a task.
    Task { task: TaskId, fence: Fence },
}

/// What a group did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Sorted.
    pub(super) changed: Vec<Handle>,
    pub(super) appended: Vec<Handle>,
    pub(super) concerned: Vec<Concerned>,
    pub(super) gone: Vec<Incarnation>,
    pub(super) lost: Vec<String>,
    pub(super) evidence: Option<Evidence>,
}

/// One group while it is worked on.
pub(super) struct Work<'c> {
    pub(super) conn: &'c Connection,
    pub(super) memory: &'c mut Memory,
    /// The clocks under the write lock.
    pub(super) now: Moment,
    /// Where the store is, and which opening of it this is.
    pub(super) place: &'c Place,
    pub(super) limits: &'c Limits,
    /// Sessions whose watchers are to be woken.
    pub(super) changed: Vec<Handle>,
    /// Sessions to which whole batches were appended, whose watchers are told what they are.
    pub(super) appended: Vec<Handle>,
    pub(super) evidence: Option<Evidence>,
    /// What could not be read, and was not handed on to who reads it.
    pub(super) lost: Vec<String>,
    /// Processes that were found to be gone, and whose rows were removed.
    pub(super) gone: Vec<Incarnation>,
    /// What changes in the catalog.
    pub(super) catalog: Changes,
    /// What is to be counted.
    pub(super) counts: Counts,
    /// The newest session that was opened.
    pub(super) opened: Option<Handle>,
    renew: Hot<'c>,
    log_insert: Hot<'c>,
    head_update: Hot<'c>,
    pub(super) hot: Statements<'c>,
}

/// What a turn executes.
pub(super) struct Statements<'c> {
    pub(super) session_insert: Hot<'c>,
    pub(super) session_turn: Hot<'c>,
    pub(super) head_insert: Hot<'c>,
    pub(super) history_insert: Hot<'c>,
    pub(super) instance_insert: Hot<'c>,
    pub(super) instance_update: Hot<'c>,
    pub(super) instance_delete: Hot<'c>,
    pub(super) task_give: Hot<'c>,
}

impl Statements<'_> {
    const fn new() -> Self {
        Self {
            session_insert: Hot::new(sql::SESSION_INSERT),
            session_turn: Hot::new(sql::SESSION_TURN),
            head_insert: Hot::new(sql::HEAD_INSERT),
            history_insert: Hot::new(sql::HISTORY_INSERT),
            instance_insert: Hot::new(sql::INSTANCE_INSERT),
            instance_update: Hot::new(sql::INSTANCE_UPDATE),
            instance_delete: Hot::new(sql::INSTANCE_DELETE),
            task_give: Hot::new(sql::TASK_GIVE),
        }
    }
}

impl<'c> Work<'c> {
    pub(super) fn new(
        (conn, memory): (&'c Connection, &'c mut Memory),
        now: Moment,
        place: &'c Place,
        limits: &'c Limits,
    ) -> Self {
        Self {
            conn,
            memory,
            now,
            place,
            limits,
            changed: Vec::new(),
            appended: Vec::new(),
            evidence: None,
            lost: Vec::new(),
            gone: Vec::new(),
            catalog: Changes::default(),
            counts: Counts::default(),
            opened: None,
            renew: Hot::new(sql::LEASE_RENEW),
            log_insert: Hot::new(sql::LOG_INSERT),
            head_update: Hot::new(sql::HEAD_UPDATE),
            hot: Statements::new(),
        }
    }

    /// Has the times that are compared by the boot-time clock be of this boot.
    pub(super) fn come_to_boot(&mut self) -> Result<(), WorkError> {
        let boot = Some(self.now.boot.boot);
        if self.memory.boot == boot {
            return Ok(());
        }
        let known = dial::boot(self.conn)?;
        if known != boot {
            dial::move_to(self.conn, self.now.boot, known)?;
            self.memory.keys.clear();
        }
        self.memory.boot = boot;
        Ok(())
    }

    /// Works on a request and keeps the answer with it. A refused request writes nothing.
    pub(super) fn apply(&mut self, request: &mut Request) -> Result<(), WorkError> {
        match request {
            Request::Renew(asked) => asked.answer = Some(self.renew(asked.question)?),
            Request::Arrive(asked) => asked.answer = Some(Ok(self.arrive(&asked.question)?)),
            Request::Bring(asked) => asked.answer = Some(Ok(self.bring(&asked.question)?)),
            Request::Admit(asked) => asked.answer = Some(Ok(self.admit(&asked.question)?)),
            Request::GiveUp(asked) => asked.answer = Some(Ok(self.give_up(asked.question)?)),
            Request::Append(asked) => asked.answer = Some(Ok(self.append(&mut asked.question)?)),
            Request::Commit(asked) => asked.answer = Some(Ok(self.commit(&mut asked.question)?)),
            Request::Compact(asked) => asked.answer = Some(Ok(self.compact(asked.question)?)),
            Request::Purge(asked) => asked.answer = Some(Ok(self.purge(asked.question)?)),
            Request::Reclaim(asked) => asked.answer = Some(Ok(self.reclaim()?)),
            Request::Postpone(asked) => asked.answer = Some(Ok(self.postpone(&asked.question)?)),
            Request::Limit(asked) => asked.answer = Some(Ok(self.limit_group(&asked.question)?)),
            Request::Watch(asked) => asked.answer = Some(Ok(self.watch(asked.question)?)),
            Request::Others(asked) => asked.answer = Some(Ok(self.memory.have_others_written())),
            Request::Save(saving) => self.save(saving)?,
            Request::Turn(asked) => asked.answer = Some(Ok(self.keep_turn(&mut asked.question)?)),
            Request::Claim(asked) => asked.answer = Some(Ok(self.claim(&asked.question)?)),
            Request::Free(asked) => asked.answer = Some(Ok(self.free(&asked.question)?)),
            Request::Post(asked) => asked.answer = Some(Ok(self.post(&asked.question)?)),
            Request::Register(asked) => asked.answer = Some(Ok(self.register(&asked.question)?)),
            Request::RenewWorker(asked) => asked.answer = Some(Ok(self.renew_worker(asked.question)?)),
            Request::Retire(asked) => asked.answer = Some(Ok(self.retire(asked.question)?)),
            Request::Task(tasking) => self.tasking(tasking)?,
            Request::Access(access) => self.access(access)?,
            Request::Chore(chore) => self.chore(*chore)?,
        }
        Ok(())
    }

    /// Everything is worked on: what it was, and who is to be told.
    pub(super) fn done(mut self) -> Result<Done, WorkError> {
        self.catalog.write(self.conn)?;
        self.counts.write(self.conn, &mut self.memory.rolled)?;
        self.memory.write_pins(self.conn)?;
        if let Some(opened) = self.opened {
            self.memory.fold(self.conn, opened)?;
        }
        let concerned = self.concerned()?;
        let (changed, appended) = (self.changed, self.appended);
        Ok(Done { changed, appended, concerned, gone: self.gone, lost: self.lost, evidence: self.evidence })
    }

    /// The wall clock, or the epoch where it cannot be used: only commits that need no time get this far then.
    pub(super) fn wall(&self) -> WallTime {
        self.now.wall.unwrap_or(WallTime::from_epoch_ms(0))
    }

    /// A session with everything that is kept of it.
    pub(super) fn stored(&self, handle: Handle) -> Result<Option<Stored>, WorkError> {
        sql::one(self.conn, sql::FIND_HANDLE, [handle.0], Stored::of)
    }

    /// The highest fence given out in a session's slot, else to it.
    pub(super) fn current_fence(&self, handle: Handle) -> Result<Fence, WorkError> {
        let counters = self.stored(handle)?.map_or_else(Counters::default, |stored| stored.guard());
        Ok(counters.fence)
    }

    pub(super) fn write_renewal(&mut self, params: impl Params) -> Result<usize, WorkError> {
        self.renew.execute(self.conn, params)
    }

    /// Adds a batch to a session's log. The head row is the caller's to write.
    pub(super) fn write_batch(
        &mut self,
        (ns, handle): (i64, Handle),
        log: LogHead,
        chain: &mut Option<Chain>,
        (batch, fence): (&mut Batch, Option<Fence>),
    ) -> Result<LogHead, WorkError> {
        if batch.count == 0 {
            return Ok(log);
        }
        batch.bytes.truncate(batch.unsealed);
        record::seal_events(&mut batch.bytes, self.wall(), fence);
        let pos = self.memory.next_pos(self.conn)?;
        let first = log.seq.next();
        let chain = match chain {
            Some(chain) => chain,
            none => none.insert(Chain::load(self.conn, handle, log)?),
        };
        let to = chain.push(pos);
        let (count, id) = (signed(batch.count), batch.commit_id.0);
        let row = (pos, handle.0, signed(first.0), count, to.prev, to.jump, id, &batch.bytes);
        self.log_insert.execute(self.conn, row)?;
        self.counts.logged(ns, self.wall(), &batch.types);
        self.evidence = Some(Evidence::Row { pos, handle, first });
        let seq = Seq(log.seq.0.saturating_add(batch.count));
        let depth = log.depth.saturating_add(1);
        if depth.is_multiple_of(self.limits.fold_rows.max(1)) {
            self.due_to_fold(handle)?;
        }
        Ok(LogHead { seq, pos, depth, ..log })
    }

    /// Writes the head of a session that is new.
    pub(super) fn insert_head(
        &mut self,
        handle: Handle,
        log: LogHead,
        last_activity: WallTime,
    ) -> Result<(), WorkError> {
        let (seq, depth, at) = (signed(log.seq.0), signed(log.depth), signed(last_activity.epoch_ms()));
        let row = (handle.0, seq, log.pos, depth, at, signed(log.folded.0), signed(log.earliest.0));
        self.hot.head_insert.execute(self.conn, row).map(drop)
    }

    /// Moves a session's head from where it was to where it is.
    pub(super) fn write_head(
        &mut self,
        handle: Handle,
        (from, to): (LogHead, LogHead),
        last_activity: WallTime,
    ) -> Result<(), WorkError> {
        let (seq, depth, at) = (signed(to.seq.0), signed(to.depth), signed(last_activity.epoch_ms()));
        let row = (handle.0, seq, to.pos, depth, at, signed(from.seq.0));
        exactly_one(self.head_update.execute(self.conn, row)?, "a session's head")
    }
}

/// A statement that a group runs many times: looked up once per group.
pub(super) struct Hot<'c> {
    sql: &'static str,
    statement: Option<CachedStatement<'c>>,
}

impl<'c> Hot<'c> {
    const fn new(sql: &'static str) -> Self {
        Self { sql, statement: None }
    }

    pub(super) fn execute(&mut self, conn: &'c Connection, params: impl Params) -> Result<usize, WorkError> {
        let statement = match &mut self.statement {
            Some(statement) => statement,
            empty => empty.insert(conn.prepare_cached(self.sql)?),
        };
        Ok(statement.execute(params)?)
    }
}

/// The second assertion: the guard was checked on what is remembered, and the row must agree.
pub(super) fn exactly_one(touched: usize, what: &str) -> Result<(), WorkError> {
    if touched == 1 { Ok(()) } else { Err(corrupt(format!("{what} is not what the writer knew of it"))) }
}
