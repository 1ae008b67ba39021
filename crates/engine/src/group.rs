//! What stands in the way of a session's going to work in its group.

use tenure_core::session::{Full, Member, Session, has_place};
use tenure_store::{GroupFound, GroupRequest, Handle};

use crate::{Engine, EngineError};

impl Engine {
    /// That the group of a session has no place for it now, if that is so. It is a look: what counts is judged
    /// where the session goes to work.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn full(&self, handle: Handle, session: &Session) -> Result<Option<Box<Full>>, EngineError> {
        let Some(name) = session.group.clone() else {
            return Ok(None);
        };
        let request = GroupRequest { namespace: session.namespace.clone(), name };
        let found = self.store.group(request.clone()).await?;
        let now = self.store.now().await?;
        let lease = |member: &tenure_store::GroupMember| member.session.lease.clone();
        let gone: Vec<_> = found
            .members
            .iter()
            .filter_map(lease)
            .filter(|lease| self.witness.is_gone(lease))
            .map(|lease| lease.incarnation)
            .collect();
        let others = found.members.iter().filter(|member| member.handle != handle);
        let others = others.filter_map(|member| {
            Some(Member { lease: member.session.lease.as_ref()?, ticket: member.ticket })
        });
        let has_place = found.limit.is_none_or(|limit| has_place(limit, others, None, (&now, &gone)));
        Ok(if has_place { None } else { full(&request, found) })
    }
}

/// A group with a limit, told as one without a place.
pub(crate) fn full(request: &GroupRequest, found: GroupFound) -> Option<Box<Full>> {
    let limit = found.limit?;
    let (waiting, active): (Vec<_>, Vec<_>) =
        found.members.into_iter().partition(|member| member.ticket.is_some());
    let active = active.into_iter().map(|member| member.session.id).collect();
    Some(Box::new(Full { group: request.name.clone(), limit, active, waiting: waiting.len() }))
}
