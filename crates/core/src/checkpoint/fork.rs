//! Forking: a new session that goes on from an earlier point of another one.

use super::Record;
use crate::event::EventBody;
use crate::id::{Fence, Principal, Revision, Seq, SessionId};
use crate::kind::Kind;
use crate::session::{Counters, Facts, Opening, Session, StateName, Usage, Write};
use crate::time::WallTime;

/// Fork a session: the new one's log is the parent's up to a position, and then its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The new session's id.
    pub id: SessionId,
    /// The last position that it shares with its parent.
    pub at: Seq,
    /// What it is about, if that is not what its parent is about now.
    pub record: Option<Record>,
    /// On whose behalf it is opened; `None`: on whose its parent was.
    pub principal: Option<Principal>,
}

impl Fork {
    /// How the new session is opened: an agent session without a key, pending and held by nobody, whoever
    /// holds its parent and however that ended. It has used nothing yet, and as long to live as its parent had.
    #[must_use]
    pub fn opening(&self, parent: &Session, at: WallTime) -> Write {
        let record = self.record.clone().unwrap_or_else(|| Record::of(parent));
        let opening = Opening {
            id: self.id.clone(),
            namespace: parent.namespace.clone(),
            principal: self.principal.clone().or_else(|| parent.principal.clone()),
            kind: Kind::Agent,
            key: None,
            mode: record.mode,
            labels: record.labels,
            command: record.command,
            directory: record.directory,
            idle: record.idle.or(Kind::Agent.rules().idle),
            recipe: None,
            group: parent.group.clone(),
            predecessor: Some(parent.id.clone()),
            at,
        };
        let counters = Counters { revision: Revision(1), fence: Fence(0) };
        let mut session = opening.into_session(counters);
        session.facts = Facts {
            metadata: record.metadata,
            progress: record.progress,
            timings: record.timings,
            usage: Usage::default(),
        };
        session.pending_timeout = parent.pending_timeout;
        session.expires_at = parent.expires_at.map(|end| at.after(end.since(parent.created_at)));
        // What the parent's holder says now is nobody's word here; what was said when it was saved is part of it.
        session.activity = self.record.as_ref().and_then(|record| record.activity.clone());
        let mut write = Write::opening(session);
        write.events.push(EventBody::StateChanged {
            from: None,
            to: StateName::Pending,
            reason: format!("forked from {} at {}", parent.id, self.at),
            by: None,
        });
        write
    }
}
