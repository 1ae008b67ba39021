//! How an instance, as a session, begins, goes on and ends.

use std::collections::BTreeMap;

use super::{Execution, Failure};
use crate::id::{ActorId, CodeName, Namespace, Principal, SessionId};
use crate::kind::Kind;
use crate::orchestration::Version;
use crate::session::Fact;
use crate::session::{
    Change, Counters, Facts, Mode, Opening as SessionOpening, Parent, Session, State, Stats, Write,
};
use crate::time::WallTime;

/// How an instance is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Its id.
    pub id: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf it was started, if that was said.
    pub principal: Option<Principal>,
    /// The orchestration.
    pub name: CodeName,
    /// Its version.
    pub version: Version,
    /// Names and values to keep with it.
    pub labels: BTreeMap<String, String>,
    /// The instance that started it.
    pub parent: Option<SessionId>,
    /// When.
    pub at: WallTime,
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its code returned.
    Completed,
    /// Its code failed.
    Failed(Failure),
    /// Somebody wished it to end.
    Cancelled {
        /// Why.
        reason: String,
        /// Who.
        by: Option<ActorId>,
    },
}

/// The session of an instance that is opened: at work if its first turn is run in the same commit, else pending.
#[must_use]
pub fn open(opening: Opening, is_started: bool) -> Write {
    let Opening { id, namespace, principal, name, version, labels, parent, at } = opening;
    let session = SessionOpening {
        id,
        namespace,
        principal,
        kind: Kind::Workflow,
        key: None,
        group: None,
        mode: Mode::General,
        labels,
        command: Vec::new(),
        directory: None,
        recipe: None,
        idle: None,
        predecessor: None,
        at,
    };
    let session = Session {
        execution: Some(Box::new(Execution { name, version, number: 1, status: None, status_changes: 0 })),
        parent: parent.map(|id| Parent { id, deleted: false }),
        facts: Facts::default(),
        ..session.into_session(Counters::default())
    };
    let write = Write::opening(session);
    if is_started {
        start(write, at)
    } else {
        write.then(Change::Created { reason: "orchestration accepted".to_owned() })
    }
}

/// An instance whose first turn is run now.
#[must_use]
pub fn start(write: Write, at: WallTime) -> Write {
    write.then(Change::Started { at, reason: "orchestration started".to_owned() })
}

/// An instance whose execution is another, or says something else of itself, from now on.
#[must_use]
pub fn go_on(write: Write, execution: Execution) -> Write {
    write.then(Change::FactSet(Fact::Execution(Box::new(execution))))
}

/// An instance that ends.
#[must_use]
pub fn end(write: Write, end: &End, at: WallTime) -> Write {
    let since = write.session.started_at.unwrap_or(write.session.created_at);
    let stats = Stats { duration: at.since(since), usage: write.session.facts.usage, ..Stats::default() };
    let moved = |to, reason: &str, by: Option<&ActorId>| Change::Moved {
        to,
        reason: reason.to_owned(),
        by: by.cloned(),
    };
    let finished = |well, message: &str| Change::Finished { well, message: message.to_owned(), stats };
    match end {
        End::Completed => {
            let (reason, message) = ("orchestration completed", "orchestration completed");
            let moved = moved(State::Completed { at }, reason, None);
            write.then(moved).then(finished(true, message))
        }
        End::Failed(failure) => {
            let error = failure.message.clone();
            let moved = moved(State::Failed { at, error }, "orchestration failed", None);
            write.then(moved).then(finished(false, &failure.message))
        }
        End::Cancelled { reason, by } => {
            let to = State::Cancelled { at, reason: reason.clone() };
            write.then(moved(to, reason, by.as_ref()))
        }
    }
}
