//! Groups under the write lock: free places, members, limits.

use tenure_core::session::{Member, Place, Session, Ticket, has_place};
use tenure_store::{Handle, LimitRequest};

use super::work::Work;
use crate::error::WorkError;
use crate::row::{GroupRow, Stored, signed, ticket};
use crate::sql;

impl Work<'_> {
    /// Whether the place that a decision on `on` takes is there.
    pub(super) fn has_place(
        &mut self,
        place: &Place,
        (on, session): (Option<&Stored>, &Session),
    ) -> Result<bool, WorkError> {
        let Some(ns) = self.memory.namespace(self.conn, &session.namespace)? else {
            return Ok(true);
        };
        let key = (ns, place.group.as_str());
        let Some(group) = sql::one(self.conn, sql::GROUP_FIND, key, GroupRow::of)? else {
            return Ok(true);
        };
        let Some(limit) = group.limit else {
            return Ok(true);
        };
        let (mut others, mut mine) = (Vec::new(), None);
        for (handle, ticket) in group.members(self.conn)? {
            if on.is_some_and(|on| on.handle == handle) {
                mine = ticket;
            } else if let Some(stored) = self.stored(handle)? {
                others.push((stored.session, ticket));
            }
        }
        let others = others
            .iter()
            .filter_map(|(session, ticket)| Some(Member { lease: session.lease.as_ref()?, ticket: *ticket }));
        Ok(has_place(limit, others, mine, (&self.now, &place.gone)))
    }

    /// Notes that a session is a member of its group now, or is none any more. Who waits is told of the latter.
    pub(super) fn note_member(&mut self, handle: Handle, session: &Session) -> Result<(), WorkError> {
        let noted = sql::one(self.conn, sql::MEMBER_FIND, [handle.0], |row| {
            Ok((row.get::<_, i64>(0)?, ticket(row, 1)?))
        })?;
        let Some(group) = session.group.as_ref().filter(|_| session.is_member()) else {
            if let Some((grp, _)) = noted {
                sql::write(self.conn, sql::MEMBER_DELETE, [handle.0])?;
                self.changed.push(Handle(-grp));
            }
            return Ok(());
        };
        let ns = self.memory.namespace_or_new(self.conn, &session.namespace)?;
        let group = self.group_or_new(ns, group.as_str())?;
        let (left, had) = match noted {
            Some((grp, ticket)) if grp == group.grp => (None, ticket),
            Some((grp, _)) => (Some(grp), None),
            None => (None, None),
        };
        let ticket = match (session.is_queued, had) {
            (false, _) => None,
            (true, Some(ticket)) => Some(ticket),
            (true, None) => Some(self.next_ticket(group)?),
        };
        let row = (handle.0, group.grp, ticket.map(|ticket| signed(ticket.0)));
        sql::write(self.conn, sql::MEMBER_WRITE, row)?;
        self.changed.extend(left.map(|grp| Handle(-grp)));
        Ok(())
    }

    fn next_ticket(&self, group: GroupRow) -> Result<Ticket, WorkError> {
        let ticket = Ticket(group.last_ticket.saturating_add(1));
        sql::write(self.conn, sql::GROUP_TICKET, (group.grp, signed(ticket.0)))?;
        Ok(ticket)
    }

    fn group_or_new(&self, ns: i64, name: &str) -> Result<GroupRow, WorkError> {
        if let Some(group) = sql::one(self.conn, sql::GROUP_FIND, (ns, name), GroupRow::of)? {
            return Ok(group);
        }
        sql::write(self.conn, sql::GROUP_INSERT, (ns, name))?;
        Ok(GroupRow { grp: self.conn.last_insert_rowid(), limit: None, last_ticket: 0 })
    }

    /// Sets a group's limit. To do it twice does no harm.
    pub(super) fn limit_group(&mut self, request: &LimitRequest) -> Result<Option<u32>, WorkError> {
        let ns = self.memory.namespace_or_new(self.conn, &request.group.namespace)?;
        let group = self.group_or_new(ns, request.group.name.as_str())?;
        if request.only_first && group.limit.is_some() {
            return Ok(group.limit);
        }
        sql::write(self.conn, sql::GROUP_LIMIT, (group.grp, request.limit))?;
        self.changed.push(Handle(-group.grp));
        Ok(request.limit)
    }
}
