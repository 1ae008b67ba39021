//! `tenure status`: who holds the workspace.

use tenure_store::Find;

use super::given;
use crate::app::App;
use crate::args::workspace::StatusArgs;
use crate::exit::Exit;
use crate::render::workspace::Status;
use crate::workspace::Workspace;

/// Says who holds the workspace. Creates nothing.
pub(super) async fn execute(app: &App, args: &StatusArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::find(&app.options, &args.place)?;
    let actor = given::optional_actor(args.actor_id.as_deref())?;
    let Some(engine) = app.existing()? else {
        app.out.report(&Status::missing(app.place(), &workspace))?;
        return Ok(Exit::Success);
    };
    let found = engine.store().find(Find::Slot(workspace.slot())).await?;
    let now = engine.store().now().await?;
    match found.current.open() {
        Some(session) => app.out.report(&Status::of(app.place(), &workspace, session, (now, actor)))?,
        None => app.out.report(&Status::missing(app.place(), &workspace))?,
    }
    Ok(Exit::Success)
}
