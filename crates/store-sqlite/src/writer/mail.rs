//! Messages for instances.

use tenure_core::id::SessionId;
use tenure_core::kind::Kind;
use tenure_core::orchestration::MessageId;
use tenure_store::{Handle, PostOutcome, record};

use super::work::{Evidence, Work};
use crate::error::WorkError;
use crate::request::Post;
use crate::sql;

impl Work<'_> {
    pub(super) fn post(&mut self, post: &Post) -> Result<PostOutcome, WorkError> {
        match self.memory.namespace(self.conn, &post.namespace)? {
            Some(ns) => {
                let posted = self.send((ns, &post.id), &post.mail)?;
                if let PostOutcome::Posted(MessageId(mid)) = posted {
                    self.evidence = Some(Evidence::Message { mid });
                }
                Ok(posted)
            }
            None => Ok(PostOutcome::NotFound),
        }
    }

    /// Sends something to an instance of a tenant, if it is open.
    pub(super) fn send(
        &mut self,
        (ns, to): (i64, &SessionId),
        mail: &[u8],
    ) -> Result<PostOutcome, WorkError> {
        let found = sql::one(self.conn, sql::INSTANCE_NAMED, (ns, to.as_str()), |row| {
            Ok((Handle(row.get(0)?), row.get::<_, i32>(1)?, row.get::<_, bool>(2)?, row.get::<_, bool>(3)?))
        })?;
        let Some((handle, _, is_open, is_held)) =
            found.filter(|(_, kind, ..)| *kind == record::kind_code(Kind::Workflow))
        else {
            return Ok(PostOutcome::NotFound);
        };
        if !is_open {
            return Ok(PostOutcome::Ended);
        }
        sql::write(self.conn, sql::MESSAGE_INSERT, (handle.0, mail))?;
        let mid = self.conn.last_insert_rowid();
        if !is_held {
            sql::write(self.conn, sql::INSTANCE_WAKE, [handle.0])?;
        }
        self.memory.heads.note_mail(handle);
        self.call_workers();
        Ok(PostOutcome::Posted(MessageId(mid)))
    }
}
