//! Taking an abandoned workspace over.

use std::collections::BTreeMap;

use super::{ended_by, is_held_by, lifecycle, parse_reason};
use crate::id::{ActorId, Incarnation, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind, Lease, Lifecycle, Place, Standing, Term, Ttl};
use crate::refusal::{Held, Refusal, TakeoverRefusal};
use crate::session::{Change, Context, Current, Decision, Judged, Opening, Session, Write};
use crate::time::WallTime;

/// Take an abandoned workspace over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// The id of the session that goes on.
    pub id: SessionId,
    /// The new holder's incarnation.
    pub incarnation: Incarnation,
    /// Who takes it.
    pub actor: ActorId,
    /// Its supervisor; `None` keeps the old one.
    pub supervisor: Option<ActorId>,
    /// Why.
    pub reason: String,
    /// Where the caller runs, for people.
    pub place: Option<Place>,
}

pub(crate) fn decide(current: &Current, takeover: &Takeover, context: &Context) -> Result<Decision, Refusal> {
    let reason = parse_reason(&takeover.reason)?;
    let (session, lease, ttl) = eligible(current, takeover, context)?;
    let now = context.now.wall()?;
    let counters = current.counters.raised();
    let supervisor = takeover.supervisor.as_ref().or(lease.holder.supervisor.as_ref()).cloned();
    let new = Lease {
        holder: Holder {
            kind: HolderKind::RuntimeWorker,
            id: takeover.actor.clone(),
            supervisor,
            place: takeover.place.clone(),
        },
        incarnation: takeover.incarnation,
        fence: counters.fence,
        term: Term::Wall { ttl, renewed: now },
    };
    let opened = Write::opening(opening(session, takeover, now).into_session(counters))
        .then(Change::TakenOver { lease: new, from: lease.holder.id.clone(), reason })
        .then(Change::Started { at: now, reason: "session taken over".to_owned() });
    let ended = ended_by(session.clone(), &takeover.id, now, "taken over");
    Ok(Decision::new(vec![ended, opened], counters, Some(Judged::Clock(Standing::Over))))
}

fn eligible<'a>(
    current: &'a Current,
    takeover: &Takeover,
    context: &Context,
) -> Result<(&'a Session, &'a Lease, Ttl), Refusal> {
    let refusal = |why| Refusal::Takeover(why);
    let session = current.open().ok_or_else(|| refusal(TakeoverRefusal::NoSession))?;
    let lease = session
        .lease
        .as_ref()
        .filter(|_| lifecycle(session) == Lifecycle::Autonomous)
        .ok_or_else(|| refusal(TakeoverRefusal::NotAutonomous))?;
    if session.standing(&context.now)? == Standing::Live {
        return Err(refusal(TakeoverRefusal::NotStale(Box::new(Held::of(session, lease)))));
    }
    if is_held_by(&lease.holder, &takeover.actor) {
        return Err(refusal(TakeoverRefusal::SameActor { owner: lease.holder.id.clone() }));
    }
    let ttl = lease.term.ttl().ok_or_else(|| refusal(TakeoverRefusal::NoTtl))?;
    if session.anonymous {
        return Err(refusal(TakeoverRefusal::NoSessionId));
    }
    Ok((session, lease, ttl))
}

fn opening(session: &Session, takeover: &Takeover, now: WallTime) -> Opening {
    Opening {
        id: takeover.id.clone(),
        namespace: session.namespace.clone(),
        principal: session.principal.clone(),
        kind: Kind::Workspace,
        key: session.key.clone(),
        group: None,
        mode: session.mode,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: session.directory.clone(),
        recipe: None,
        idle: None,
        predecessor: Some(session.id.clone()),
        at: now,
    }
}
