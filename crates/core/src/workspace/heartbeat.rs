//! Renewing a workspace's lease and saying what is being done.

use super::{ActivityText, is_held_by, lifecycle};
use crate::id::ActorId;
use crate::lease::{Lease, Lifecycle, Standing};
use crate::refusal::{HeartbeatRefusal, Refusal};
use crate::session::{Change, Context, Current, Decision, Judged, Session, Write};

/// Renew a workspace's lease and say what is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// Who renews: the owner, and nobody for it.
    pub actor: ActorId,
    /// What it is doing, if it says so.
    pub activity: Option<ActivityText>,
}

pub(crate) fn decide(
    current: &Current,
    heartbeat: &Heartbeat,
    context: &Context,
) -> Result<Decision, Refusal> {
    let (session, lease) =
        owned(current, heartbeat).map_err(|why| Refusal::Heartbeat(since_seen(why, context)))?;
    if context.seen.as_ref().is_some_and(|seen| seen.session() != Some(&session.id)) {
        return Err(Refusal::Heartbeat(HeartbeatRefusal::OwnershipChanged));
    }
    if session.standing(&context.now)? == Standing::Over {
        let stale = HeartbeatRefusal::Stale { owner: lease.holder.id.clone() };
        return Err(Refusal::Heartbeat(since_seen(stale, context)));
    }
    let now = context.now.wall()?;
    let counters = current.counters.revised();
    let mut write = Write::of(session.clone())
        .then(Change::Renewed(lease.term.renewed(&context.now)?))
        .then(Change::Touched { at: now });
    if let Some(activity) = &heartbeat.activity {
        write = write.then(Change::ActivitySet {
            text: activity.as_str().to_owned(),
            actor: heartbeat.actor.clone(),
            at: now,
            revision: counters.revision,
        });
    }
    Ok(Decision::new(vec![write], counters, Some(Judged::Clock(Standing::Live))))
}

fn owned<'a>(
    current: &'a Current,
    heartbeat: &Heartbeat,
) -> Result<(&'a Session, &'a Lease), HeartbeatRefusal> {
    let session = current.open().ok_or(HeartbeatRefusal::NoSession)?;
    let lease = session
        .lease
        .as_ref()
        .filter(|_| lifecycle(session) == Lifecycle::Autonomous)
        .ok_or(HeartbeatRefusal::NotAutonomous)?;
    if !is_held_by(&lease.holder, &heartbeat.actor) {
        let (owner, actor) = (lease.holder.id.clone(), heartbeat.actor.clone());
        return Err(HeartbeatRefusal::OtherOwner { owner, actor });
    }
    if session.anonymous {
        return Err(HeartbeatRefusal::NoSessionId);
    }
    Ok((session, lease))
}

/// What was fine when first looked at, and is not any more when it was to be written, has its own words.
fn since_seen(refusal: HeartbeatRefusal, context: &Context) -> HeartbeatRefusal {
    use HeartbeatRefusal as Why;
    if context.seen.is_none() {
        return refusal;
    }
    match refusal {
        Why::NoSession | Why::Disappeared => Why::Disappeared,
        Why::NotAutonomous | Why::OtherOwner { .. } | Why::NoSessionId | Why::OwnershipChanged => {
            Why::OwnershipChanged
        }
        Why::Stale { owner } | Why::BecameStale { owner } => Why::BecameStale { owner },
    }
}
