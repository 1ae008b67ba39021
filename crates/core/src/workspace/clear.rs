//! Ending a workspace's session: who may.

use super::{is_held_by, lifecycle, wall_or_last_known};
use crate::id::ActorId;
use crate::lease::{Lease, Lifecycle, Standing};
use crate::refusal::{ClearRefusal, Refusal};
use crate::session::{Change, Context, Current, Decision, Session, State, Write};

/// End a workspace's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clear {
    /// Who wants it, if said.
    pub actor: Option<ActorId>,
    /// Why, if said.
    pub reason: Option<String>,
}

/// Nothing to clear is not an error: the decision then writes nothing.
pub(crate) fn decide(current: &Current, clear: &Clear, context: &Context) -> Result<Decision, Refusal> {
    if let Some(session) = current.open() {
        authorise(session, clear.actor.as_ref(), context).map_err(Refusal::Clear)?;
    }
    if context.seen.as_ref().is_some_and(|seen| !seen.is(current)) {
        return Err(Refusal::IdentityChanged);
    }
    let Some(session) = current.open() else {
        return Ok(Decision::new(Vec::new(), current.counters, None));
    };
    let counters = current.counters.raised();
    let reason = clear.reason.clone().unwrap_or_else(|| "cleared".to_owned());
    let to = State::Completed { at: wall_or_last_known(context, session) };
    let write = Write::of(session.clone())
        .then(Change::Moved { to, reason, by: clear.actor.clone() })
        .then(Change::Released)
        .then(Change::ActivityDropped);
    Ok(Decision::new(vec![write], counters, None))
}

/// A person's session is anyone's to clear. A runtime's is its owner's and its supervisor's, live or not,
/// even without a usable clock.
fn authorise(session: &Session, actor: Option<&ActorId>, context: &Context) -> Result<(), ClearRefusal> {
    let Some(lease) = session.lease.as_ref().filter(|_| lifecycle(session) == Lifecycle::Autonomous) else {
        return Ok(());
    };
    let owner = lease.holder.id.clone();
    let Some(actor) = actor else {
        return Err(ClearRefusal::ActorRequired { owner });
    };
    if is_held_by(&lease.holder, actor) || lease.holder.supervisor.as_ref() == Some(actor) {
        return Ok(());
    }
    let actor = actor.clone();
    if can_be_taken_over(session, lease, context) {
        return Err(ClearRefusal::StaleAutonomous { owner, actor });
    }
    Err(ClearRefusal::ActiveAutonomous { owner, actor })
}

/// Without a usable clock nothing can be taken over, whatever the record says.
fn can_be_taken_over(session: &Session, lease: &Lease, context: &Context) -> bool {
    let is_over = context.now.wall.is_some() && session.standing(&context.now) == Ok(Standing::Over);
    is_over && !session.anonymous && lease.term.ttl().is_some()
}
