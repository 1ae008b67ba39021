//! `tenure clear`: end a workspace's session.

use tenure_core::session::Command;
use tenure_core::workspace::Clear;
use tenure_engine::Target;
use tenure_store::Find;

use super::{given, ownership};
use crate::app::App;
use crate::args::workspace::ClearArgs;
use crate::exit::Exit;
use crate::render::workspace::Cleared;
use crate::workspace::Workspace;

/// Ends the workspace's session, if it has one.
pub(super) async fn execute(app: &App, args: &ClearArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::find(&app.options, &args.place)?;
    let actor = given::optional_actor(args.actor_id.as_deref())?;
    let reason = args.reason.as_deref().map(given::reason).transpose()?;
    let clear = Clear { actor, reason: reason.clone() };
    let Some(engine) = app.existing()? else {
        app.out.report(&Cleared::nothing(app.place(), &workspace, reason))?;
        return Ok(Exit::Success);
    };
    let found = engine.store().find(Find::Slot(workspace.slot())).await?;
    let fence = match found.current.open() {
        Some(_) => ownership::of_slot(app, engine, &workspace.slot(), given::fence(args.fence)).await?,
        // Nothing is held, so there is nothing to protect: clearing it is done already.
        None => None,
    };
    let (target, command) = (Target::Slot(workspace.slot()), Command::WorkspaceClear(clear));
    let applied = engine.apply_under(&target, &command, fence).await?;
    app.out.report(&Cleared::new(app.place(), &workspace, reason, &applied))?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
