//! The model keeps groups: it looks at every session.

use async_trait::async_trait;
use tenure_core::session::{Member, Place, Session, Ticket, has_place};
use tenure_core::time::Moment;
use tenure_store::{GroupFound, GroupMember, GroupRequest, GroupStore, Handle, LimitRequest, StoreError};

use super::MemoryStore;
use super::tables::Tables;

/// A group that was ever used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    handle: Handle,
    limit: Option<u32>,
    last_ticket: u64,
}

#[async_trait]
impl GroupStore for MemoryStore {
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError> {
        Ok(self.lock().group(&request))
    }

    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError> {
        let mut tables = self.lock();
        let group = tables.group_or_new(&request.group);
        if !(request.only_first && group.limit.is_some()) {
            group.limit = request.limit;
        }
        let (handle, limit) = (group.handle, group.limit);
        tables.wake(handle);
        Ok(limit)
    }
}

fn group_of(session: &Session) -> Option<GroupRequest> {
    let name = session.group.clone()?;
    Some(GroupRequest { namespace: session.namespace.clone(), name })
}

impl Tables {
    fn group_or_new(&mut self, request: &GroupRequest) -> &mut Group {
        let next = Handle(-1 - i64::try_from(self.groups.len()).expect("few groups"));
        let new = || Group { handle: next, limit: None, last_ticket: 0 };
        self.groups.entry(request.clone()).or_insert_with(new)
    }

    fn group(&self, request: &GroupRequest) -> GroupFound {
        let Some(group) = self.groups.get(request) else {
            return GroupFound::default();
        };
        let members = self.sessions.iter().filter(|(_, stored)| {
            stored.session.is_member() && group_of(&stored.session).as_ref() == Some(request)
        });
        let member = |(handle, stored): (&Handle, &super::tables::Stored)| GroupMember {
            handle: *handle,
            session: stored.session.clone(),
            ticket: self.tickets.get(handle).copied(),
        };
        let mut members: Vec<_> = members.map(member).collect();
        members.sort_by_key(|member| (member.ticket, member.handle));
        GroupFound { handle: Some(group.handle), limit: group.limit, members }
    }

    /// Whether the place that a decision takes on `on` is there.
    pub(super) fn has_place(&self, place: &Place, on: (Option<Handle>, &Session), now: &Moment) -> bool {
        let name = place.group.clone();
        let found = self.group(&GroupRequest { namespace: on.1.namespace.clone(), name });
        let Some(limit) = found.limit else {
            return true;
        };
        let others = found.members.iter().filter(|member| Some(member.handle) != on.0);
        let others = others.filter_map(|member| {
            Some(Member { lease: member.session.lease.as_ref()?, ticket: member.ticket })
        });
        let ticket = on.0.and_then(|handle| self.tickets.get(&handle)).copied();
        has_place(limit, others, ticket, (now, &place.gone))
    }

    /// Notes what became of a session's membership.
    pub(super) fn note_member(&mut self, handle: Handle, before: Option<&Session>) {
        let session = self.sessions[&handle].session.clone();
        let was = before.filter(|before| before.is_member()).and_then(group_of);
        let is = group_of(&session).filter(|_| session.is_member());
        if let Some(left) = was.filter(|was| is.as_ref() != Some(was)) {
            self.tickets.remove(&handle);
            let left = self.group_or_new(&left).handle;
            self.wake(left);
        }
        let Some(group) = is else { return };
        if !session.is_queued {
            self.tickets.remove(&handle);
        }
        let is_new = session.is_queued && !self.tickets.contains_key(&handle);
        let group = self.group_or_new(&group);
        if is_new {
            group.last_ticket += 1;
            let ticket = Ticket(group.last_ticket);
            self.tickets.insert(handle, ticket);
        }
    }
}
