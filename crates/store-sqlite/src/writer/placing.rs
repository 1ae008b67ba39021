//! Where the activities go that a turn asks for.
//!
//! To its own worker, if that has the key; else they are tasks.

use std::sync::Arc;

use tenure_core::id::{Fence, Namespace, Operation, QueueName};
use tenure_core::orchestration::{HistoryEvent, Payload};
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
    /// Places what a turn asks for. The instance is as the turn leaves it.
    pub(super) fn place_tasks(
        &mut self,
        tasks: &[Tasked],
        handle: Handle,
        instance: &mut Instance,
    ) -> Result<Vec<Placed>, WorkError> {
        let mut placed = Vec::with_capacity(tasks.len());
        if tasks.is_empty() {
            return Ok(placed);
        }
        let ns = self.memory.namespace_or_new(self.conn, &instance.session.namespace)?;
        let crew = self.memory.crew(self.conn)?;
        let me = instance.worker.and_then(|worker| crew.holding(worker));
        let me = me.filter(|me| me.serving.busy_max > 0 && crew.is_live(me, &self.now)).cloned();
        for tasked in tasks {
            let here = match (&tasked.request.affinity, &me) {
                (Some(affinity), Some(me)) if runs_here(&instance.session.namespace, &tasked.request, me) => {
                    let from = (&instance.session.namespace, tasked.request.queue.as_ref());
                    self.place_here((ns, affinity), from, me)?
                }
                _ => None,
            };
            placed.push(match here {
                Some(grant) => Placed::Here(grant),
                None => Placed::Left(self.leave_task(ns, tasked, (handle, instance))?),
            });
        }
        Ok(placed)
    }

    /// Lets the instance's worker run an activity: it has the key, or gets it, and nothing of it waits.
    fn place_here(
        &mut self,
        (ns, affinity): (i64, &Affinity),
        from: (&Namespace, Option<&QueueName>),
        me: &Arc<WorkerRow>,
    ) -> Result<Option<PinGrant>, WorkError> {
        let Some(key) = self.memory.keys.named(self.conn, (ns, &affinity.key))? else {
            if !self.gets_new_key(me, from)? {
                return Ok(None);
            }
            let key = self.new_key((ns, &affinity.key), Some(me))?;
            return Ok(Some(PinGrant { key: key.name, fence: key.fence, hold: Hold::Claimed }));
        };
        if self.is_taken_up(&key, affinity.is_exclusive || me.serving.is_exclusive)? {
            return Ok(None);
        }
        match self.held(&key, Some(me))? {
            Held::Others(_) => Ok(None),
            Held::Free if !self.gets_new_key(me, from)? => Ok(None),
            Held::Free | Held::Mine => self.take_key(key, me).map(Some),
        }
    }

    /// Whether an instance's worker gets a key that nobody holds. What it runs without a row is not known here, so
    /// nothing is given up for a new key.
    fn gets_new_key(
        &mut self,
        me: &WorkerRow,
        from: (&Namespace, Option<&QueueName>),
    ) -> Result<bool, WorkError> {
        Ok(!me.is_draining && self.has_room(me)? && self.is_its_share(me, from)?)
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
        (handle, instance): (Handle, &mut Instance),
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
                    None => self.new_key((ns, &affinity.key), None)?,
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
            request.details.as_ref().map(|Payload(details)| details.as_slice()),
        );
        sql::write(self.conn, sql::TASK_INSERT, row)?;
        let task = TaskId(self.conn.last_insert_rowid());
        instance.has_tasks = true;
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
    pub(super) fn placed_tasks(&self, turn: &Turn, handle: Handle) -> Result<Vec<Placed>, WorkError> {
        if turn.tasks.is_empty() {
            return Ok(Vec::new());
        }
        let placed = sql::one(self.conn, sql::INSTANCE_PLACED, [handle.0], |row| {
            Ok(blob(row, 0)?.unwrap_or_default().to_vec())
        })?;
        let placed = placed.unwrap_or_default();
        let told = placed.as_chunks::<9>().0.iter().zip(&turn.tasks);
        told.map(|(bytes, tasked)| told_again(*bytes, &tasked.request)).collect()
    }
}

/// Where activities went, as a column: of each a letter and a number.
pub(super) fn placed_column(placed: &[Placed]) -> Option<Vec<u8>> {
    let column = |placed: &Placed| {
        let (letter, number) = match placed {
            Placed::Left(task) => (b'l', task.0),
            Placed::Here(PinGrant { fence, hold, .. }) => (letter_of(*hold), signed(fence.0)),
        };
        [letter].into_iter().chain(number.to_le_bytes())
    };
    (!placed.is_empty()).then(|| placed.iter().flat_map(column).collect())
}

const fn letter_of(hold: Hold) -> u8 {
    match hold {
        Hold::Held => b'h',
        Hold::Claimed => b'c',
        Hold::Resumed => b'r',
    }
}

fn told_again([letter, number @ ..]: [u8; 9], request: &TaskRequest) -> Result<Placed, WorkError> {
    let number = i64::from_le_bytes(number);
    let hold = match letter {
        b'l' => return Ok(Placed::Left(TaskId(number))),
        b'h' => Hold::Held,
        b'c' => Hold::Claimed,
        b'r' => Hold::Resumed,
        _ => return Err(corrupt("where an activity went is not known")),
    };
    let affinity = request.affinity.as_ref().ok_or_else(|| corrupt("an activity without a key was held"))?;
    Ok(Placed::Here(PinGrant { key: affinity.key.clone(), fence: Fence(unsigned(number)?), hold }))
}

/// Whether an instance's worker would run an activity at once, and serves its tenant and its queue.
fn runs_here(namespace: &Namespace, request: &TaskRequest, me: &WorkerRow) -> bool {
    request.is_wanted && me.serving.serves(namespace, request.queue.as_ref())
}
