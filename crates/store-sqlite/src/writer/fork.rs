//! Opening a session on another one's log.

use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_store::{Committed, ForkOutcome, Handle};

use super::work::Work;
use crate::error::WorkError;
use crate::request::Fork;
use crate::row::{LogHead, Stored, signed};
use crate::{sql, trail};

impl Work<'_> {
    /// Whatever fails, the request is left as it came, so that it can be worked on again.
    pub(super) fn fork(&mut self, fork: &mut Fork) -> Result<ForkOutcome, WorkError> {
        let session = &fork.write.session;
        let key = (session.namespace.as_str(), session.id.as_str());
        let existing = sql::one(self.conn, sql::FIND_ID, key, Stored::of)?;
        if let Some(stored) = existing.as_ref().filter(|stored| stored.commit.id == fork.stamp.commit_id) {
            return Ok(ForkOutcome::Forked(Committed {
                handle: stored.handle,
                head: stored.commit.seq,
                revision: stored.session.counters.revision,
                at: stored.commit.at,
            }));
        }
        let Some(parent) = self.stored(fork.parent)? else {
            return Ok(ForkOutcome::NotFound);
        };
        if fork.at > parent.log.seq {
            return Ok(ForkOutcome::Beyond { head: parent.log.seq });
        }
        if existing.is_some() {
            return Ok(ForkOutcome::IdTaken);
        }
        // Up to where it goes on, everything counts as folded, and lies in another log.
        let earliest = parent.log.earliest.min(fork.at.next());
        let from = LogHead { seq: fork.at, folded: fork.at, earliest, ..LogHead::default() };
        let (handle, head) = self.open(fork.stamp, &mut fork.write, (None, from, None))?;
        let at = signed(fork.at.0);
        if earliest <= fork.at {
            let base = self.base(fork.parent, fork.at)?;
            sql::write(self.conn, sql::FORK_WRITE, (handle.0, base.0, at))?;
        }
        let inherited = (fork.parent.0, handle.0, at, signed(limits::CHECKPOINTS_LISTED_MAX as u64));
        sql::write(self.conn, sql::CHECKPOINT_INHERIT, inherited)?;
        let files = (fork.parent.0, handle.0, at, signed(limits::FILES_INHERITED_MAX as u64));
        sql::write(self.conn, sql::FILE_INHERIT, files)?;
        let revision = fork.stamp.counters.revision;
        Ok(ForkOutcome::Forked(Committed { handle, head, revision, at: self.wall() }))
    }

    /// Whose own log has position `at` of a session's.
    fn base(&self, mut handle: Handle, at: Seq) -> Result<Handle, WorkError> {
        while let Some((base, _)) = trail::base_of(self.conn, handle)?.filter(|(_, shared)| at <= *shared) {
            handle = base;
        }
        Ok(handle)
    }
}
