//! Where the activities go that a turn asks for: to its own worker, if that has the key; else they are tasks.

use std::collections::HashSet;
use std::sync::Arc;

use tenure_core::id::{CommitId, Fence, Operation, QueueName};
use tenure_core::orchestration::{HistoryEvent, Mail};
use tenure_core::worker::{Affinity, Hold};
use tenure_store::{Handle, PinGrant, Placed, TaskId, TaskRequest, record};

use super::pin::Held;
use super::work::Work;
use crate::error::WorkError;
use crate::heads::Instance;
use crate::keys::Key;
use crate::request::{Tasked, Turn};
use crate::row::{OPEN, WorkerRow, blob, corrupt, signed, unsigned};
use crate::sql;

impl Work<'_> {
    /// Places what a turn asks for. The instance is as the turn left it.
    pub(super) fn place_tasks(&mut self, turn: &Turn, handle: Handle) -> Result<Vec<Placed>, WorkError> {
        let mut placed = Vec::with_capacity(turn.tasks.len());
        if turn.tasks.is_empty() {
            return Ok(placed);
        }
        let Some(instance) = self.memory.heads.instance(self.conn, handle)?.cloned() else {
            // It has ended: nobody waits for anything.
            return Ok(placed);
        };
        let ns = self.memory.namespace_or_new(self.conn, &instance.session.namespace)?;
        let crew = self.memory.crew(self.conn)?;
        let me = instance.worker.and_then(|worker| crew.holding(worker));
        let me = me.filter(|me| me.serving.busy_max > 0 && crew.is_live(me, &self.now)).cloned();
        for tasked in &turn.tasks {
            let here = match (&tasked.request.affinity, &me) {
                (Some(affinity), Some(me)) if runs_here(&tasked.request, me) => {
                    let queue = tasked.request.queue.as_ref();
                    self.place_here((ns, affinity, queue), me, turn.commit_id)?
                }
                _ => None,
            };
            placed.push(match here {
                Some(grant) => Placed::Here(grant),
                None => Placed::Left(self.leave_task(ns, tasked, (handle, &instance))?),
            });
        }
        Ok(placed)
    }

    /// Lets the instance's worker run an activity: it has the key, or gets it, and nothing of it waits.
    fn place_here(
        &mut self,
        (ns, affinity, queue): (i64, &Affinity, Option<&QueueName>),
        me: &Arc<WorkerRow>,
        by: CommitId,
    ) -> Result<Option<PinGrant>, WorkError> {
        let Some(key) = self.memory.keys.named(self.conn, (ns, &affinity.key))? else {
            if !self.gets_new_key(me, queue)? {
                return Ok(None);
            }
            let key = self.new_key((ns, &affinity.key), Some(me), Some(by))?;
            return Ok(Some(PinGrant { key: key.name, fence: key.fence, hold: Hold::Claimed }));
        };
        if self.is_taken_up(&key, affinity.is_exclusive || me.serving.is_exclusive)? {
            return Ok(None);
        }
        match self.held(&key, Some(me))? {
            Held::Others(_) => Ok(None),
            Held::Free if !self.gets_new_key(me, queue)? => Ok(None),
            Held::Free | Held::Mine => self.take_key(key, me, Some(by)).map(Some),
        }
    }

    /// Whether an instance's worker gets a key that nobody holds. What it runs without a row is not known here, so
    /// nothing is given up for a new key.
    fn gets_new_key(&mut self, me: &WorkerRow, queue: Option<&QueueName>) -> Result<bool, WorkError> {
        Ok(!me.is_draining && self.has_room(me)? && self.is_its_share(me, queue)?)
    }

    /// Whether something of a key waits, or is under way beside which nothing else may be.
    fn is_taken_up(&mut self, key: &Key, is_alone: bool) -> Result<bool, WorkError> {
        if !key.may_have_tasks {
            return Ok(false);
        }
        let found = sql::one(self.conn, sql::TASK_ANY, [key.kid], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, bool>(1)?))
        })?;
        let (any, waiting) = found.unwrap_or_default();
        if !any {
            self.memory.keys.note_tasks(key.kid, false);
        }
        Ok(waiting || (any && (is_alone || sql::any(self.conn, sql::TASK_ALONE, [key.kid])?)))
    }

    fn leave_task(
        &mut self,
        ns: i64,
        tasked: &Tasked,
        (handle, instance): (Handle, &Instance),
    ) -> Result<TaskId, WorkError> {
        let request = &tasked.request;
        let history =
            if tasked.is_new { instance.history } else { self.scheduled_in((handle, instance), request.op)? };
        let queue = self.memory.queue(self.conn, request.queue.as_ref())?;
        let (kid, is_exclusive, lane) = match &request.affinity {
            None => (None, false, OPEN),
            Some(affinity) => {
                let key = match self.memory.keys.named(self.conn, (ns, &affinity.key))? {
                    Some(key) => key,
                    None => self.new_key((ns, &affinity.key), None, None)?,
                };
                let lane = self.first_lane(&key, affinity.is_exclusive, queue)?;
                self.memory.keys.note_tasks(key.kid, true);
                (Some(key.kid), affinity.is_exclusive, lane)
            }
        };
        let row = (
            handle.0,
            signed(instance.execution),
            request.op.0.cast_signed(),
            history,
            kid,
            is_exclusive,
            queue,
            lane,
            signed(self.wall().epoch_ms()),
            signed(self.now.boot.ms),
            request.attempt,
        );
        sql::write(self.conn, sql::TASK_INSERT, row)?;
        let task = TaskId(self.conn.last_insert_rowid());
        self.memory.heads.note_tasks(handle);
        self.call_workers();
        Ok(task)
    }

    /// The row of an execution's history that asks for an activity.
    fn scheduled_in(&self, (handle, instance): (Handle, &Instance), op: Operation) -> Result<i64, WorkError> {
        let is_it = |event: &HistoryEvent| match event {
            HistoryEvent::TaskScheduled(activity) => activity.op == op,
            _ => false,
        };
        let mut pos = instance.history;
        while pos != 0 {
            let row = sql::one(self.conn, sql::HISTORY_ROW, [pos], |row| {
                let (sid, execution) = (row.get::<_, i64>(0)?, unsigned(row.get(1)?)?);
                if sid != handle.0 || execution != instance.execution {
                    return Ok(None);
                }
                let events = record::decode_history(blob(row, 3)?.unwrap_or_default())?;
                Ok(Some((events.iter().any(is_it), row.get(2)?)))
            })?;
            match row.flatten() {
                Some((true, _)) => return Ok(pos),
                Some((false, prev)) => pos = prev,
                None => break,
            }
        }
        Err(corrupt("an activity is asked for that the history does not name"))
    }

    /// Where the activities went of a turn that was kept before, and after which nothing was.
    pub(super) fn placed_tasks(&mut self, turn: &Turn, handle: Handle) -> Result<Vec<Placed>, WorkError> {
        let mut placed = Vec::with_capacity(turn.tasks.len());
        if turn.tasks.is_empty() {
            return Ok(placed);
        }
        let Some(instance) = self.memory.heads.instance(self.conn, handle)?.cloned() else {
            return Ok(placed);
        };
        let ns = self.memory.namespace_or_new(self.conn, &instance.session.namespace)?;
        let ended = self.ended_tasks(handle)?;
        let mut told = HashSet::new();
        for Tasked { request, .. } in &turn.tasks {
            let TaskRequest { op, attempt, .. } = *request;
            let row = (handle.0, signed(instance.execution), op.0.cast_signed());
            let task = sql::one(self.conn, sql::TASK_NAMED, row, |row| Ok(TaskId(row.get(0)?)))?;
            placed.push(match (task, &request.affinity) {
                (Some(task), _) => Placed::Left(task),
                // It was a task, and has ended: no other task has this name.
                (None, None) => Placed::Left(TaskId(0)),
                (None, Some(_)) if ended.contains(&(op, attempt)) => Placed::Left(TaskId(0)),
                (None, Some(affinity)) => {
                    let is_first = told.insert(affinity.key.clone());
                    Placed::Here(self.granted((ns, affinity), &instance, turn.commit_id, is_first)?)
                }
            });
        }
        Ok(placed)
    }

    /// Tasks of an instance whose ends wait for it.
    fn ended_tasks(&self, handle: Handle) -> Result<HashSet<(Operation, u32)>, WorkError> {
        let mails = sql::all(self.conn, sql::MESSAGE_LIST, [handle.0], |row| {
            Ok(record::decode_mail(blob(row, 1)?.unwrap_or_default())?)
        })?;
        let ends = mails.into_iter().filter_map(|mail| match mail {
            Mail::TaskEnded { op, attempt, .. } => Some((op, attempt)),
            _ => None,
        });
        Ok(ends.collect())
    }

    /// The hold under which an activity was left to the instance's worker.
    fn granted(
        &mut self,
        (ns, affinity): (i64, &Affinity),
        instance: &Instance,
        by: CommitId,
        is_first: bool,
    ) -> Result<PinGrant, WorkError> {
        let name = affinity.key.clone();
        let key = self.memory.keys.named(self.conn, (ns, &name))?;
        let key = key.filter(|key| Some(key.worker) == instance.worker);
        let hold = match &key {
            Some(key) if key.by == Some(by) && is_first && key.is_resumed => Hold::Resumed,
            Some(key) if key.by == Some(by) && is_first => Hold::Claimed,
            // It is lost by now: a notice says so.
            Some(_) | None => Hold::Held,
        };
        Ok(PinGrant { key: name, fence: key.map_or(Fence(0), |key| key.fence), hold })
    }
}

/// Whether an instance's worker would run an activity at once, and serves its queue.
fn runs_here(request: &TaskRequest, me: &WorkerRow) -> bool {
    request.is_wanted && me.serving.queues.have(request.queue.as_ref())
}
