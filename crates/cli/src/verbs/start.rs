//! `tenure start`: hold a workspace, or the session that is named.

use tenure_core::session::{Command, Mode};
use tenure_core::workspace::{Owner, OwnerOptions, Start, resolve_owner};
use tenure_engine::{Engine, Target};

use super::{claim, given, ownership};
use crate::app::App;
use crate::args::workspace::StartArgs;
use crate::exit::Exit;
use crate::render::workspace::Started;
use crate::workspace::Workspace;
use tenure_words::Problem;

/// Opens a session in the workspace, or starts the open one once more.
pub(super) async fn execute(app: &App, args: &StartArgs) -> anyhow::Result<Exit> {
    if let Some(name) = &args.name {
        return claim::start(app, name, args).await;
    }
    if args.group.group.is_some() || args.group.if_full.is_some() {
        return Err(
            Problem::usage("a workspace is in no group: name the session that is to be started").into()
        );
    }
    let workspace = Workspace::find(&app.options, &args.place)?;
    let owner = owner(args)?;
    let engine = app.engine()?;
    let fence = ownership::of_slot(app, engine, &workspace.slot(), given::fence(args.fence)).await?;
    let start = start(engine, &workspace, owner, args.mode).await?;
    let (target, command) = (Target::Slot(workspace.slot()), Command::WorkspaceStart(start));
    let applied = engine.apply_under(&target, &command, fence).await?;
    app.out.report(&Started::new(app.place(), &workspace, &applied))?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn start(
    engine: &Engine,
    workspace: &Workspace,
    owner: Owner,
    mode: Option<Mode>,
) -> anyhow::Result<Start> {
    let now = engine.store().now().await?;
    Ok(Start {
        id: engine.ids().session_id(now.wall),
        incarnation: engine.ids().incarnation(),
        namespace: workspace.namespace.clone(),
        principal: None,
        key: workspace.key.clone(),
        directory: workspace.root.clone(),
        owner,
        mode,
        place: None,
    })
}

fn owner(args: &StartArgs) -> anyhow::Result<Owner> {
    let options = OwnerOptions {
        owner_kind: args.owner_kind,
        actor: given::optional_actor(args.actor_id.as_deref())?,
        supervisor: given::supervisor(args.supervisor_id.as_deref())?,
        lease_seconds: args.lease_seconds,
    };
    resolve_owner(args.lifecycle, options).map_err(given::refuse)
}
