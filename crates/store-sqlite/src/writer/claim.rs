//! Giving instances to workers, and letting them go.

use std::sync::Arc;

use tenure_core::id::{Fence, Operation};
use tenure_core::limits;
use tenure_core::orchestration::{Message, MessageId};
use tenure_store::{ClaimRequest, Claimed, FreeRequest, Handle, Out, TaskId, WorkerHandle, record};

use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::heads::Head;
use crate::request::{Given, wake_column};
use crate::row::{InstanceRow, WorkerRow, blob, corrupt, signed, unsigned};
use crate::sql;

/// An instance that waits to be given to somebody.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    handle: Handle,
    turn: u64,
    fence: Fence,
    is_rescued: bool,
}

impl Work<'_> {
    /// Gives a worker instances. First what is left of workers that are over or gone is let go, a part at a time.
    pub(super) fn claim(&mut self, request: &ClaimRequest) -> Result<Given, WorkError> {
        let mut given = Given { claimed: Vec::new(), is_more: false };
        let is_given = |me: &Arc<WorkerRow>| !me.is_draining;
        if !self.memory.crew(self.conn)?.holding(request.worker.0).is_some_and(is_given) {
            return Ok(given);
        }
        self.judge_workers(request.worker)?;
        if self.sweep_worker()? {
            given.is_more = true;
            return Ok(given);
        }
        let now = signed(self.wall().epoch_ms());
        let limit = request.limit.min(limits::CLAIMED_AT_ONCE_MAX);
        let waiting = sql::all(self.conn, sql::INSTANCE_DUE, (now, signed(limit as u64)), |row| {
            Ok(Waiting {
                handle: Handle(row.get(0)?),
                turn: unsigned(row.get(1)?)?,
                fence: Fence(unsigned(row.get(2)?)?),
                is_rescued: row.get(3)?,
            })
        })?;
        for waiting in waiting {
            match self.give_to(request.worker, waiting) {
                Err(why) if why.is_damage() => self.pass_over(waiting.handle)?,
                claimed => given.claimed.push(claimed?),
            }
        }
        Ok(given)
    }

    /// Everything of an instance is read before anything is written: what cannot be read is given to nobody.
    fn give_to(&mut self, worker: WorkerHandle, waiting: Waiting) -> Result<Claimed, WorkError> {
        let Waiting { handle, turn, is_rescued, .. } = waiting;
        let messages = sql::all(self.conn, sql::MESSAGE_LIST, [handle.0], |row| {
            let mail = record::decode_mail(blob(row, 1)?.unwrap_or_default())?;
            Ok(Message { id: MessageId(row.get(0)?), mail })
        })?;
        self.stored(handle)?.ok_or_else(|| corrupt("an instance without its session"))?;
        let fence = waiting.fence.next();
        let row = (handle.0, worker.0, signed(fence.0));
        exactly_one(sql::write(self.conn, sql::INSTANCE_GIVE, row)?, "an instance")?;
        exactly_one(sql::write(self.conn, sql::SESSION_FENCE, (handle.0, signed(fence.0)))?, "a session")?;
        self.evidence = Some(Evidence::Given { handle, worker: worker.0, fence });
        let stored = self.stored(handle)?.ok_or_else(|| corrupt("a session is gone"))?;
        let instance = sql::one(self.conn, sql::INSTANCE_FIND, [handle.0], InstanceRow::of)?;
        let out = match &instance {
            Some(instance) if instance.has_tasks => sql::all(self.conn, sql::TASK_OUT, [handle.0], |row| {
                let op = Operation(row.get::<_, i64>(1)?.cast_unsigned());
                Ok(Out { task: TaskId(row.get(0)?), op, attempt: row.get(2)? })
            })?,
            Some(_) | None => Vec::new(),
        };
        let session = Arc::new(stored.session.clone());
        let head = Head {
            instance: instance.map(|row| Box::new(row.into_instance(session))),
            ..Head::of(stored.ns, &stored.session, stored.log, self.memory.heads.take_chain(handle))
        };
        self.memory.heads.forget(handle);
        self.memory.heads.keep(handle, head);
        Ok(Claimed { handle, session: stored.session, fence, turn, is_rescued, messages, out })
    }

    /// Somebody has to mend it first. Whatever is sent to it brings it back.
    fn pass_over(&self, handle: Handle) -> Result<(), WorkError> {
        sql::write(self.conn, sql::INSTANCE_UNWAKE, [handle.0]).map(drop)
    }

    pub(super) fn free(&mut self, instances: &[FreeRequest]) -> Result<(), WorkError> {
        for FreeRequest { handle, fence, wake } in instances {
            let row = (handle.0, signed(fence.0), wake_column(*wake));
            if sql::write(self.conn, sql::INSTANCE_FREE, row)? > 0 {
                self.memory.heads.keep_instance(*handle, None);
                self.call_workers();
            }
        }
        Ok(())
    }
}
