//! Appending to a log.

use tenure_core::id::Seq;
use tenure_store::AppendOutcome;

use super::work::Work;
use crate::error::WorkError;
use crate::request::Append;

impl Work<'_> {
    pub(super) fn append(&mut self, append: &mut Append) -> Result<AppendOutcome, WorkError> {
        let wall = self.wall();
        let Some(head) = self.memory.heads.of(self.conn, append.handle)? else {
            return Ok(AppendOutcome::NotFound);
        };
        match append.fence {
            Some(fence) if head.lease.is_none_or(|(current, _)| current != fence) => {
                return Ok(AppendOutcome::Fenced { current: self.current_fence(append.handle)? });
            }
            None if head.terminal => return Ok(AppendOutcome::Ended),
            Some(_) | None => {}
        }
        let (ns, from) = (head.ns, head.log);
        let mut chain = head.chain.take();
        // Only the owner's word is activity, and the clock may have been set back since.
        let heard = append.fence.map_or(head.last_activity, |_| head.last_activity.max(wall));
        let to =
            self.write_batch((ns, append.handle), from, &mut chain, (&mut append.batch, append.fence))?;
        self.write_head(append.handle, (from, to), heard)?;
        if let Some(head) = self.memory.heads.of(self.conn, append.handle)? {
            (head.log, head.chain, head.last_activity) = (to, chain, heard);
        }
        self.changed.push(append.handle);
        Ok(AppendOutcome::Appended { first: Seq(from.seq.0.saturating_add(1)), last: to.seq })
    }
}
