//! Appending to a log.

use tenure_core::id::{Fence, Seq};
use tenure_store::{AppendOutcome, Handle};

use super::work::Work;
use crate::error::WorkError;
use crate::request::{Append, Batch};
use crate::row::corrupt;

impl Work<'_> {
    pub(super) fn append(&mut self, append: &mut Append) -> Result<AppendOutcome, WorkError> {
        let Some(head) = self.memory.heads.of(self.conn, append.handle)? else {
            return Ok(AppendOutcome::NotFound);
        };
        let (log, is_ended) = (head.log, head.closed && append.fence.is_none());
        let held = head.lease.map(|(fence, _)| fence);
        if append.fence.is_some() {
            let held = match held {
                Some(fence) => Some(fence),
                None => self.held_under(append.handle)?,
            };
            if append.fence != held {
                return Ok(AppendOutcome::Fenced { current: self.current_fence(append.handle)? });
            }
        }
        if append.named.is_empty() {
            if is_ended {
                return Ok(AppendOutcome::Ended);
            }
            let (handle, fence) = (append.handle, append.fence);
            let (first, last) = self.write_append(handle, fence, &mut append.batch)?;
            self.appended.push(handle);
            return Ok(AppendOutcome::Appended { first, last });
        }
        self.append_named(append, log, is_ended)
    }

    /// Writes what nothing stands against. Returns the positions of its first and its last event.
    pub(super) fn write_append(
        &mut self,
        handle: Handle,
        fence: Option<Fence>,
        batch: &mut Batch,
    ) -> Result<(Seq, Seq), WorkError> {
        let wall = self.wall();
        let head = self.memory.heads.of(self.conn, handle)?.ok_or_else(|| corrupt("a session is gone"))?;
        let (ns, from) = (head.ns, head.log);
        let mut chain = head.chain.take();
        // Only the owner's word is activity, and the clock may have been set back since.
        let heard = fence.map_or(head.last_activity, |_| head.last_activity.max(wall));
        let to = self.write_batch((ns, handle), from, &mut chain, (batch, fence))?;
        self.write_head(handle, (from, to), heard)?;
        if let Some(head) = self.memory.heads.of(self.conn, handle)? {
            (head.log, head.chain, head.last_activity) = (to, chain, heard);
        }
        Ok((from.seq.next(), to.seq))
    }
}
