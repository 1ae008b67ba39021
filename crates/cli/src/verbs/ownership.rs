//! The fence that a caller says it holds under.

use tenure_core::id::{Fence, SessionId};
use tenure_engine::Engine;
use tenure_store::{Find, Slot};

use crate::app::App;

/// The fence under which the caller says the slot's session is held, if it says so.
///
/// A fence in the environment belongs to the session in the environment. Inside `tenure run` that is the
/// run's own, and says nothing about a workspace.
pub(super) async fn of_slot(
    app: &App,
    engine: &Engine,
    slot: &Slot,
    flag: Option<Fence>,
) -> anyhow::Result<Option<Fence>> {
    match flag {
        Some(fence) => Ok(Some(fence)),
        None => from_environment(app, engine, slot).await,
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
