//! What becomes of tasks: ended, given back, going on, or no longer wanted.

use std::sync::Arc;

use tenure_core::id::Fence;
use tenure_core::orchestration::MessageId;
use tenure_store::{HandBack, Handle, TaskId, TaskOutcome, WorkerHandle};

use super::crew::Crew;
use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::keys::Key;
use crate::request::{Ending, Renewals, Tasking};
use crate::row::{BEHIND, FRESH, HIDDEN, OPEN, RUN, SHELVED, TaskRow, WorkerRow, signed};
use crate::sql;

impl Work<'_> {
    pub(super) fn tasking(&mut self, tasking: &mut Tasking) -> Result<(), WorkError> {
        match tasking {
            Tasking::Claim(asked) => asked.answer = Some(Ok(self.draw(&asked.question)?)),
            Tasking::End(asked) => asked.answer = Some(Ok(self.end_task(&asked.question)?)),
            Tasking::HandBack(asked) => asked.answer = Some(Ok(self.hand_back(&asked.question)?)),
            Tasking::Renew(asked) => asked.answer = Some(Ok(self.renew_tasks(&asked.question)?)),
            Tasking::Shelve(asked) => asked.answer = Some(Ok(self.shelve(asked.question)?)),
            Tasking::Touch(asked) => asked.answer = Some(Ok(self.touch(&asked.question)?)),
            Tasking::Move(asked) => asked.answer = Some(Ok(self.move_pin(&asked.question)?)),
            Tasking::Dismiss(asked) => asked.answer = Some(Ok(self.dismiss(&asked.question)?)),
            Tasking::Sweep(asked) => asked.answer = Some(Ok(self.sweep_worker()?)),
        }
        Ok(())
    }

    fn task(&self, task: TaskId) -> Result<Option<TaskRow>, WorkError> {
        sql::one(self.conn, sql::TASK_FIND, [task.0], TaskRow::of)
    }

    /// A task that is a worker's still, or again: nobody else has it since.
    fn own_task(
        &mut self,
        (worker, task, fence): (WorkerHandle, TaskId, Fence),
    ) -> Result<Result<(TaskRow, Arc<WorkerRow>), TaskOutcome>, WorkError> {
        let Some(row) = self.task(task)? else {
            return Ok(Err(TaskOutcome::Gone));
        };
        let is_its_own =
            row.worker == Some(worker.0) && row.fence == fence && (row.lane == RUN || row.is_lost);
        let known = self.memory.crew(self.conn)?.known(worker.0).filter(|_| is_its_own);
        Ok(known.cloned().map(|worker| (row, worker)).ok_or(TaskOutcome::Expired))
    }

    /// Whether an attempt's own time is over, or its worker's lease.
    fn is_late(&mut self, row: &TaskRow, worker: &WorkerRow) -> Result<bool, WorkError> {
        let is_over = row.own_time.is_some_and(|(expires, _)| expires <= self.now.boot.ms);
        let is_live = |crew: &Crew| crew.is_live(worker, &self.now);
        Ok(is_over || !is_live(self.memory.crew(self.conn)?))
    }

    fn end_task(&mut self, ending: &Ending) -> Result<Option<TaskOutcome>, WorkError> {
        let (row, worker) = match self.own_task((ending.worker, ending.task, ending.fence))? {
            Ok(own) => own,
            Err(outcome) => return Ok(Some(outcome)),
        };
        if !ending.regrants && self.is_late(&row, &worker)? {
            return Ok(Some(TaskOutcome::Expired));
        }
        if ending.counts != (row.attempt, row.rescues) {
            return Ok(None);
        }
        self.remove_task(&row, Some(&worker))?;
        self.deliver(row.handle, &ending.mail)?;
        Ok(Some(TaskOutcome::Done))
    }

    /// Sends something to an instance that has tasks, so that it is open.
    fn deliver(&mut self, handle: Handle, mail: &[u8]) -> Result<(), WorkError> {
        let Some(is_held) =
            self.memory.heads.instance(self.conn, handle)?.map(|instance| instance.worker.is_some())
        else {
            return Ok(());
        };
        sql::write(self.conn, sql::MESSAGE_INSERT, (handle.0, mail))?;
        let MessageId(mid) = MessageId(self.conn.last_insert_rowid());
        if !is_held {
            sql::write(self.conn, sql::INSTANCE_WAKE, [handle.0])?;
        }
        self.memory.heads.note_mail(handle);
        self.evidence = Some(Evidence::Message { mid });
        self.call_workers();
        Ok(())
    }

    /// Removes a task, and lets go on what was behind it. Its key was used, if its worker is told.
    fn remove_task(&mut self, row: &TaskRow, used_by: Option<&WorkerRow>) -> Result<(), WorkError> {
        exactly_one(sql::write(self.conn, sql::TASK_DELETE, [row.task.0])?, "a task")?;
        let Some(kid) = row.kid else {
            return Ok(());
        };
        if let Some(worker) = used_by {
            let key = self.memory.keys.at(self.conn, kid)?;
            self.use_key(key, worker)?;
        }
        let left = sql::one(self.conn, sql::TASK_LEFT, [kid], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        match left {
            Some((true, None)) => Ok(()),
            Some((true, Some(_))) => self.advance(kid),
            Some((false, _)) | None => {
                self.memory.keys.note_tasks(kid, false);
                let key = self.memory.keys.at(self.conn, kid)?;
                if key.wid.is_none() { self.remove_key(&key) } else { Ok(()) }
            }
        }
    }

    /// Lets those of a key's tasks go on that are behind nothing any more.
    pub(super) fn advance(&mut self, kid: i64) -> Result<(), WorkError> {
        let key = self.memory.keys.at(self.conn, kid)?;
        let runs_alone = self.runs_alone(&key)?;
        loop {
            let first = sql::one(self.conn, sql::TASK_LEFT, [kid], |row| Ok(row.get::<_, Option<i64>>(1)?))?;
            let Some(row) = first.flatten().map(TaskId).map(|task| self.task(task)).transpose()?.flatten()
            else {
                return Ok(());
            };
            let is_alone = runs_alone || row.is_exclusive;
            if sql::any(self.conn, sql::TASK_BLOCKED, (kid, row.task.0, is_alone))? {
                return Ok(());
            }
            let lane = self.lane_again(&row)?;
            sql::write(self.conn, sql::TASK_LANE, (row.task.0, lane))?;
            self.call_workers();
        }
    }

    fn hand_back(&mut self, back: &HandBack) -> Result<TaskOutcome, WorkError> {
        let (mut row, me) = match self.own_task((back.worker, back.task, back.fence))? {
            Ok(own) => own,
            Err(outcome) => return Ok(outcome),
        };
        if back.lacks_code {
            if !row.lacks.contains(&back.worker.0) {
                row.lacks.push(back.worker.0);
            }
        } else if let Some(kid) = row.kid {
            let key = self.memory.keys.at(self.conn, kid)?;
            self.use_key(key, &me)?;
        }
        row.attempt = row.attempt.saturating_add(u32::from(back.counts));
        row.visible = self.wall().after(back.delay);
        row.waits = self.now.boot.ms;
        (row.worker, row.is_lost) = (None, false);
        row.lane = if back.delay.is_zero() { self.lane_again(&row)? } else { HIDDEN };
        self.put_back(&row)?;
        Ok(TaskOutcome::Done)
    }

    /// The lane in which a task waits that was under way, or hidden.
    fn lane_again(&mut self, row: &TaskRow) -> Result<i64, WorkError> {
        match row.kid {
            None => Ok(OPEN),
            // Who holds the key has no code for it. It must not keep the key by waiting.
            Some(_) if !row.lacks.is_empty() => Ok(FRESH),
            Some(kid) => {
                let key = self.memory.keys.at(self.conn, kid)?;
                self.lane_of(&key, row.queue)
            }
        }
    }

    fn put_back(&mut self, row: &TaskRow) -> Result<(), WorkError> {
        let columns = (
            row.task.0,
            row.lane,
            signed(row.visible.epoch_ms()),
            signed(row.waits),
            row.attempt,
            row.rescues,
            row.worker,
            row.is_lost,
            row.lacks_column(),
        );
        exactly_one(sql::write(self.conn, sql::TASK_BACK, columns)?, "a task")?;
        self.call_workers();
        Ok(())
    }

    /// An attempt is over with whoever ran it. It is its worker's again if that comes back before anybody else has it.
    pub(super) fn lose_attempt(&mut self, row: TaskRow) -> Result<(), WorkError> {
        let lane = self.lane_again(&row)?;
        self.put_back(&TaskRow { lane, is_lost: true, ..row })
    }

    /// An attempt's worker is known no more. It counts if that did not give it back.
    pub(super) fn free_attempt(&mut self, row: TaskRow, is_rescued: bool) -> Result<(), WorkError> {
        let lane = self.lane_again(&row)?;
        let more = u32::from(is_rescued);
        self.put_back(&TaskRow {
            lane,
            waits: self.now.boot.ms,
            attempt: row.attempt.saturating_add(more),
            rescues: row.rescues.saturating_add(more),
            worker: None,
            is_lost: false,
            ..row
        })
    }

    /// Shows what is no longer hidden, and releases what is lost. Returns whether there is more.
    pub(super) fn show_due(&mut self, at_once: i64) -> Result<bool, WorkError> {
        let (wall, boot) = (signed(self.wall().epoch_ms()), signed(self.now.boot.ms));
        let due = sql::one(self.conn, sql::TASK_DUE, [], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        let (shown, expired) = due.unwrap_or_default();
        let mut done = 0;
        if shown.is_some_and(|shown| shown <= wall) {
            for row in sql::all(self.conn, sql::TASK_SHOWN, (wall, at_once), TaskRow::of)? {
                let lane = self.lane_again(&row)?;
                sql::write(self.conn, sql::TASK_LANE, (row.task.0, lane))?;
                done += 1;
            }
        }
        if expired.is_some_and(|expired| expired <= boot) {
            for row in sql::all(self.conn, sql::TASK_EXPIRED, (boot, at_once), TaskRow::of)? {
                self.lose_attempt(row)?;
                done += 1;
            }
        }
        Ok(done >= at_once)
    }

    fn renew_tasks(&mut self, request: &Renewals) -> Result<Vec<TaskOutcome>, WorkError> {
        let mut outcomes = Vec::with_capacity(request.renewals.len());
        for renewal in &request.renewals {
            outcomes.push(match self.own_task((request.worker, renewal.task, renewal.fence))? {
                Ok((row, me)) if !self.is_late(&row, &me)? => {
                    self.go_on(&row, &me, renewal.details.as_ref().map(|details| details.0.as_slice()))?;
                    TaskOutcome::Done
                }
                Ok(_) => TaskOutcome::Expired,
                Err(outcome) => outcome,
            });
        }
        Ok(outcomes)
    }

    fn go_on(&mut self, row: &TaskRow, me: &Arc<WorkerRow>, details: Option<&[u8]>) -> Result<(), WorkError> {
        if row.is_lost {
            sql::write(self.conn, sql::TASK_RETAKE, [row.task.0])?;
        }
        if details.is_some() || row.own_time.is_some() {
            let expires = row.own_time.map(|(_, ttl)| signed(self.now.boot.ms.saturating_add(ttl)));
            let said = sql::write(self.conn, sql::TASK_SAY, (row.task.0, details, expires))?;
            exactly_one(said, "a task")?;
        }
        if let Some(kid) = row.kid {
            let key = self.memory.keys.at(self.conn, kid)?;
            self.use_key(key, me)?;
        }
        Ok(())
    }

    /// Nobody waits for these tasks of an instance any more.
    pub(super) fn withdraw(&mut self, handle: Handle, tasks: &[TaskId]) -> Result<(), WorkError> {
        for task in tasks {
            if let Some(row) = self.task(*task)?.filter(|row| row.handle == handle) {
                self.withdraw_row(&row)?;
            }
        }
        Ok(())
    }

    /// Nobody waits for any task of an instance any more.
    pub(super) fn withdraw_all(&mut self, handle: Handle) -> Result<(), WorkError> {
        let rows = sql::all(self.conn, sql::TASK_OF, [handle.0], TaskRow::of)?;
        // Those behind others first: nothing needs to go on in between.
        for row in rows.iter().rev() {
            self.withdraw_row(row)?;
        }
        Ok(())
    }

    fn withdraw_row(&mut self, row: &TaskRow) -> Result<(), WorkError> {
        if row.lane == RUN || row.is_lost {
            self.tell_withdrawn(row)?;
        }
        self.remove_task(row, None)
    }

    /// Tells who runs a task, or did, that nobody waits for it, if that worker is known.
    pub(super) fn tell_withdrawn(&mut self, row: &TaskRow) -> Result<(), WorkError> {
        let Some(worker) = row.worker else {
            return Ok(());
        };
        if self.memory.crew(self.conn)?.known(worker).is_none() {
            return Ok(());
        }
        let notice = (worker, None::<i64>, None::<&str>, Some(row.task.0), signed(row.fence.0));
        sql::write(self.conn, sql::NOTICE_INSERT, notice)?;
        self.call_workers();
        Ok(())
    }

    fn shelve(&mut self, (task, fence): (TaskId, Fence)) -> Result<(), WorkError> {
        match self.task(task)?.filter(|row| row.lane == RUN && row.fence == fence) {
            Some(row) => self.put_back(&TaskRow { lane: SHELVED, worker: None, ..row }),
            None => Ok(()),
        }
    }

    /// The lane of a task that comes new: behind others of its key, if it or one of them runs alone.
    pub(super) fn first_lane(&mut self, key: &Key, is_exclusive: bool, queue: i64) -> Result<i64, WorkError> {
        let is_alone = is_exclusive || self.runs_alone(key)?;
        let is_behind = key.may_have_tasks
            && if is_alone {
                sql::one(self.conn, sql::TASK_ANY, [key.kid], |row| Ok(row.get(0)?))?.unwrap_or(false)
            } else {
                sql::any(self.conn, sql::TASK_ALONE, [key.kid])?
            };
        if is_behind { Ok(BEHIND) } else { self.lane_of(key, queue) }
    }
}
