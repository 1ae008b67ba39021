//! The fence that a caller says it holds under, compared with what is stored.

use tenure_core::id::{Fence, SessionId};
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::Current;
use tenure_engine::Engine;
use tenure_store::{Find, Slot};

use super::given::refuse;
use crate::app::App;

/// Refuses a caller that says it holds the slot's session under another fence than the current one.
///
/// A fence in the environment belongs to the session in the environment. Inside `tenure run` that is the
/// run's own, and says nothing about a workspace.
pub(super) async fn check_slot(
    app: &App,
    engine: &Engine,
    slot: &Slot,
    flag: Option<Fence>,
) -> anyhow::Result<()> {
    let given = match flag {
        Some(fence) => Some(fence),
        None => from_environment(app, engine, slot).await?,
    };
    let Some(given) = given else {
        return Ok(());
    };
    let found = engine.store().find(Find::Slot(slot.clone())).await?;
    check(&found.current, given)
}

/// Refuses a fence that is not the current lease's.
pub(super) fn check(current: &Current, given: Fence) -> anyhow::Result<()> {
    let lease = current.open().and_then(|session| session.lease.as_ref().map(|lease| (session, lease)));
    match lease {
        Some((_, lease)) if lease.fence == given => Ok(()),
        lease => {
            let holder = lease.map(|(session, lease)| Box::new(Held::of(session, lease)));
            Err(refuse(Refusal::Fenced { given, current: current.counters.fence, holder }))
        }
    }
}

/// The fence for a session that was named: the given one, else the environment's if it is that session's.
pub(super) fn of_session(app: &App, id: &SessionId, flag: Option<Fence>) -> Option<Fence> {
    let held = &app.options.held;
    flag.or_else(|| held.fence.filter(|_| held.session.as_ref() == Some(id)))
}

async fn from_environment(app: &App, engine: &Engine, slot: &Slot) -> anyhow::Result<Option<Fence>> {
    let held = &app.options.held;
    let (Some(fence), Some(id)) = (held.fence, &held.session) else {
        return Ok(held.fence);
    };
    let find = Find::Id { namespace: slot.namespace.clone(), id: id.clone() };
    let session = engine.store().find(find).await?.current.session;
    let is_here =
        session.is_some_and(|session| session.kind == slot.kind && session.key.as_ref() == Some(&slot.key));
    Ok(is_here.then_some(fence))
}
