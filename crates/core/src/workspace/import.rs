//! Bringing in a session record that an earlier tool had stored.

use std::collections::BTreeMap;

use crate::id::{ActorId, Incarnation, Key, Namespace, Revision, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind, Lease, Lifecycle, Term, Ttl};
use crate::refusal::Refusal;
use crate::session::{Change, Counters, Current, Decision, Mode, Opening, Session, State, Write};
use crate::time::WallTime;

/// The owner that a record names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedOwner {
    /// Its sort.
    pub kind: HolderKind,
    /// Its id, if recorded.
    pub id: Option<ActorId>,
    /// Its supervisor, if recorded.
    pub supervisor: Option<ActorId>,
    /// Its lease's length, if recorded.
    pub ttl: Option<Ttl>,
    /// When it last renewed, if recorded.
    pub heartbeat: Option<WallTime>,
}

/// A session record of an earlier tool (versions 1 to 4), to be kept in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The id under which it is kept when the record has none.
    pub id: SessionId,
    /// The holder's incarnation.
    pub incarnation: Incarnation,
    /// The tenant.
    pub namespace: Namespace,
    /// The slot.
    pub key: Key,
    /// The workspace's root.
    pub directory: String,
    /// The id in the record. Versions 1 and 2 had none.
    pub recorded_id: Option<SessionId>,
    /// When it was first started.
    pub started: WallTime,
    /// When it was last started.
    pub last_started: WallTime,
    /// How often it was started.
    pub start_count: u64,
    /// What it was for.
    pub mode: Mode,
    /// Who had it.
    pub owner: RecordedOwner,
    /// Its revision; 0 in records that had none.
    pub revision: Revision,
}

pub(crate) fn decide(current: &Current, import: &Import) -> Result<Decision, Refusal> {
    if current.session.is_some() {
        return Err(Refusal::ImportNotEmpty);
    }
    let counters = Counters { revision: revision(current, import), fence: current.counters.fence.next() };
    let session = Session {
        started_at: Some(import.started),
        last_started_at: Some(import.last_started),
        last_activity_at: import.last_started,
        start_count: import.start_count,
        anonymous: import.recorded_id.is_none(),
        ..opening(import).into_session(counters)
    };
    let lease = Lease {
        holder: Holder {
            kind: import.owner.kind,
            id: import.owner.id.clone().unwrap_or_else(|| unnamed(import.owner.kind)),
            supervisor: import.owner.supervisor.clone(),
            place: None,
        },
        incarnation: import.incarnation,
        fence: counters.fence,
        term: term(import),
    };
    let reason = "imported".to_owned();
    let write = Write::opening(session).then(Change::Granted(lease)).then(Change::Moved {
        to: State::Active,
        reason,
        by: None,
    });
    Ok(Decision::new(vec![write], counters, None))
}

/// The record's own, so that its next write has the number that its callers expect; in a slot that was used
/// before, never a lower one than the slot has had.
fn revision(current: &Current, import: &Import) -> Revision {
    if current.counters == Counters::default() {
        return import.revision;
    }
    import.revision.max(current.counters.revision.next())
}

/// Who holds what a record says nobody's name about.
fn unnamed(kind: HolderKind) -> ActorId {
    match kind.lifecycle() {
        Lifecycle::Interactive => ActorId::interactive(),
        Lifecycle::Autonomous => ActorId::unknown(),
    }
}

fn opening(import: &Import) -> Opening {
    Opening {
        id: import.recorded_id.clone().unwrap_or_else(|| import.id.clone()),
        namespace: import.namespace.clone(),
        principal: None,
        kind: Kind::Workspace,
        key: Some(import.key.clone()),
        group: None,
        mode: import.mode,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: Some(import.directory.clone()),
        recipe: None,
        idle: None,
        predecessor: None,
        at: import.started,
    }
}

fn term(import: &Import) -> Term {
    match (import.owner.kind, import.owner.ttl, import.owner.heartbeat) {
        (HolderKind::Interactive, _, _) => Term::Interactive { started: import.last_started },
        (_, Some(ttl), Some(renewed)) => Term::Wall { ttl, renewed },
        (_, ttl, renewed) => Term::Incomplete { ttl, renewed },
    }
}
