//! Opening or refreshing a workspace: the decision table and what it leads to.

use std::collections::BTreeMap;

use super::owner::{Autonomous, Owner};
use super::{ended_by, lifecycle, owner_of, supervisor_of};
use crate::id::{ActorId, Incarnation, Key, Namespace, Principal, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind, Lease, Lifecycle, Place, Standing, Term};
use crate::refusal::{Refusal, StartRefusal};
use crate::session::{
    Change, Context, Counters, Current, Decision, Judged, Mode, Opening, Session, Warning, Write,
};
use crate::time::WallTime;

/// Open or refresh a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The id of the session if a fresh one is opened.
    pub id: SessionId,
    /// The holder's incarnation if a fresh one is opened.
    pub incarnation: Incarnation,
    /// The tenant.
    pub namespace: Namespace,
    /// On whose behalf a fresh one is opened, if that is said. One that is refreshed keeps what it has.
    pub principal: Option<Principal>,
    /// The slot: the workspace's root and profile.
    pub key: Key,
    /// The workspace's root.
    pub directory: String,
    /// Who it is for.
    pub owner: Owner,
    /// What it is for, if said.
    pub mode: Option<Mode>,
    /// Where the caller runs, for people.
    pub place: Option<Place>,
}

/// What a start finds, as the decision table sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Existing {
    /// Nothing open.
    Nothing,
    /// An interactive session.
    Interactive(Standing),
    /// An autonomous session of the same owner.
    SameOwner(Standing),
    /// An autonomous session of another owner, or of none that the record names.
    OtherOwner(Standing),
}

/// What a start does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StartMove {
    /// Open a new session, ending a stale one.
    Fresh,
    /// Start the open one once more.
    Refresh,
    /// Refuse: a person is there.
    RefuseActiveInteractive,
    /// Refuse: a runtime is there.
    RefuseActiveAutonomous,
    /// Refuse: a runtime was there and has not let go.
    RefuseStaleAutonomous,
}

/// The decision table of a workspace start. Total.
#[must_use]
pub const fn start_move(existing: Existing, tried: Lifecycle) -> StartMove {
    use Existing::{Interactive, Nothing, OtherOwner, SameOwner};
    use Standing::{Live, Over};
    match (existing, tried) {
        (Nothing | Interactive(Over), _) => StartMove::Fresh,
        (Interactive(Live), Lifecycle::Interactive) => StartMove::Refresh,
        (Interactive(Live), Lifecycle::Autonomous) => StartMove::RefuseActiveInteractive,
        (SameOwner(Live), Lifecycle::Autonomous) => StartMove::Refresh,
        (SameOwner(Over), Lifecycle::Autonomous) => StartMove::Fresh,
        (SameOwner(Live), Lifecycle::Interactive) | (OtherOwner(Live), _) => {
            StartMove::RefuseActiveAutonomous
        }
        (SameOwner(Over), Lifecycle::Interactive) | (OtherOwner(Over), _) => StartMove::RefuseStaleAutonomous,
    }
}

pub(crate) fn decide(current: &Current, start: &Start, context: &Context) -> Result<Decision, Refusal> {
    let now = context.now.wall()?;
    let Some(session) = current.open() else {
        return Ok(fresh(current.counters, None, start, now));
    };
    let standing = session.standing(&context.now)?;
    let existing = existing(session, standing, &start.owner);
    let tried = start.owner.lifecycle();
    let owner = owner_of(session).cloned();
    let decision = match start_move(existing, tried) {
        StartMove::Fresh => fresh(current.counters, Some(session), start, now),
        StartMove::Refresh => refresh(current.counters, session, start, now),
        StartMove::RefuseActiveInteractive => return Err(Refusal::Start(StartRefusal::ActiveInteractive)),
        StartMove::RefuseActiveAutonomous => {
            return Err(Refusal::Start(StartRefusal::ActiveAutonomous { tried, owner }));
        }
        StartMove::RefuseStaleAutonomous => {
            return Err(Refusal::Start(StartRefusal::StaleAutonomous { tried, owner }));
        }
    };
    Ok(Decision { judged: judged(session, standing), ..decision })
}

/// A session without an id is over whatever the clock says, so the clock is not judged again.
fn judged(session: &Session, standing: Standing) -> Option<Judged> {
    (!session.anonymous).then_some(Judged::Clock(standing))
}

fn existing(session: &Session, standing: Standing, owner: &Owner) -> Existing {
    match (lifecycle(session), owner) {
        (Lifecycle::Interactive, _) => Existing::Interactive(standing),
        (Lifecycle::Autonomous, Owner::Autonomous(new)) if owner_of(session) == Some(&new.actor) => {
            Existing::SameOwner(standing)
        }
        (Lifecycle::Autonomous, _) => Existing::OtherOwner(standing),
    }
}

fn fresh(counters: Counters, old: Option<&Session>, start: &Start, now: WallTime) -> Decision {
    let counters = counters.raised();
    let opening = Opening {
        id: start.id.clone(),
        namespace: start.namespace.clone(),
        principal: start.principal.clone(),
        kind: Kind::Workspace,
        key: Some(start.key.clone()),
        group: None,
        mode: start.mode.unwrap_or_default(),
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: Some(start.directory.clone()),
        recipe: None,
        idle: None,
        predecessor: old.map(|session| session.id.clone()),
        at: now,
    };
    let lease = Lease {
        holder: holder(start, old.and_then(supervisor_of)),
        incarnation: start.incarnation,
        fence: counters.fence,
        term: term(&start.owner, now),
    };
    let opened = Write::opening(opening.into_session(counters))
        .then(Change::Granted(lease))
        .then(Change::Started { at: now, reason: "session started".to_owned() });
    let ended = old.map(|session| ended_by(session.clone(), &start.id, now, "stale, started afresh"));
    let warning = old.filter(|session| session.anonymous).map(|_| Warning::LegacyReplaced);
    Decision::new(ended.into_iter().chain([opened]).collect(), counters, None).with_warning(warning)
}

fn refresh(counters: Counters, session: &Session, start: &Start, now: WallTime) -> Decision {
    let counters = counters.revised();
    let warning = match &start.owner {
        Owner::Interactive => Warning::InteractiveRefreshed,
        Owner::Autonomous(new) => Warning::AutonomousRefreshed { owner: new.actor.clone() },
    };
    let lease = Lease {
        holder: holder(start, supervisor_of(session)),
        incarnation: session.lease.as_ref().map_or(start.incarnation, |lease| lease.incarnation),
        fence: counters.fence,
        term: term(&start.owner, now),
    };
    let mut write = Write::of(session.clone())
        .then(Change::Granted(lease))
        .then(Change::Started { at: now, reason: "session started".to_owned() });
    if let Some(mode) = start.mode {
        write = write.then(Change::ModeSet(mode));
    }
    if start.owner == Owner::Interactive {
        write = write.then(Change::ActivityDropped);
    }
    Decision::new(vec![write], counters, None).with_warning(Some(warning))
}

fn holder(start: &Start, kept_supervisor: Option<&ActorId>) -> Holder {
    match &start.owner {
        Owner::Interactive => Holder {
            kind: HolderKind::Interactive,
            id: ActorId::interactive(),
            supervisor: None,
            place: start.place.clone(),
        },
        Owner::Autonomous(Autonomous { kind, actor, supervisor, .. }) => Holder {
            kind: *kind,
            id: actor.clone(),
            supervisor: supervisor.as_ref().or(kept_supervisor).cloned(),
            place: start.place.clone(),
        },
    }
}

const fn term(owner: &Owner, now: WallTime) -> Term {
    match owner {
        Owner::Interactive => Term::Interactive { started: now },
        Owner::Autonomous(autonomous) => Term::Wall { ttl: autonomous.ttl, renewed: now },
    }
}
