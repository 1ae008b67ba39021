//! `tenure heartbeat`: renew a workspace's lease, or say what a session is doing.

use tenure_core::id::{ActorId, Fence};
use tenure_core::kind::Kind;
use tenure_core::refusal::{HeartbeatRefusal, Refusal};
use tenure_core::session::Command;
use tenure_core::workspace::Heartbeat;
use tenure_engine::{Engine, Target};
use tenure_store::Listed;

use super::{given, ownership};
use crate::app::App;
use crate::args::workspace::HeartbeatArgs;
use crate::exit::Exit;
use crate::render::session::Noted;
use crate::render::workspace::{Beaten, Where};
use crate::workspace::Workspace;
use tenure_words::Problem;

/// Renews, or records activity: whatever the options and the environment mean.
pub(super) async fn execute(app: &App, args: &HeartbeatArgs) -> anyhow::Result<Exit> {
    match session_name(app, args) {
        Some(name) => {
            let (engine, listed) = app.named(&name).await?;
            match listed.session.kind {
                Kind::Agent => note(app, engine, &listed, args).await,
                kind @ Kind::Workflow => Err(given::refuse(Refusal::WrongKind { kind, verb: "heartbeat" })),
                Kind::Workspace => {
                    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.fence));
                    let beaten = Beat { target: Target::Session(listed.handle), fence };
                    beaten.renew(app, engine, Where::of(app.place(), &listed.session), args).await
                }
            }
        }
        None => workspace(app, args).await,
    }
}

/// The session that is meant; `None`: the workspace's.
fn session_name(app: &App, args: &HeartbeatArgs) -> Option<String> {
    let names_workspace =
        args.actor_id.is_some() || args.place.path.is_some() || args.place.profile.is_some();
    let held = &app.options.held;
    let inside_a_run = held.session.as_ref().filter(|_| held.fence.is_some() && !names_workspace);
    args.name.clone().or_else(|| inside_a_run.map(|id| id.as_str().to_owned()))
}

async fn note(app: &App, engine: &Engine, listed: &Listed, args: &HeartbeatArgs) -> anyhow::Result<Exit> {
    let activity = given::activity(args.activity.as_deref())?;
    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.fence));
    let fence = fence.ok_or_else(|| {
        Problem::usage("a session's heartbeat needs the fence it is held under").hint("--fence <n>")
    })?;
    let target = Target::Session(listed.handle);
    let applied = engine.apply(&target, &Command::Note { fence, activity: activity.clone() }).await?;
    app.out.report(&Noted::new(&applied, fence, activity.as_ref()))?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn workspace(app: &App, args: &HeartbeatArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::find(&app.options, &args.place)?;
    // Checked before the store is looked for, so that nothing has to be there to be told what is wrong.
    actor(args)?;
    given::activity(args.activity.as_deref())?;
    let Some(engine) = app.existing()? else {
        return Err(given::refuse(Refusal::Heartbeat(HeartbeatRefusal::NoSession)));
    };
    let fence = ownership::of_slot(app, engine, &workspace.slot(), given::fence(args.fence)).await?;
    let beaten = Beat { target: Target::Slot(workspace.slot()), fence };
    beaten.renew(app, engine, Where::workspace(app.place(), &workspace), args).await
}

/// Whose lease is to be renewed, and under which fence the caller says it is held.
struct Beat {
    target: Target,
    fence: Option<Fence>,
}

impl Beat {
    async fn renew(
        &self,
        app: &App,
        engine: &Engine,
        place: Where,
        args: &HeartbeatArgs,
    ) -> anyhow::Result<Exit> {
        let activity = given::activity(args.activity.as_deref())?;
        let command =
            Command::WorkspaceHeartbeat(Heartbeat { actor: actor(args)?, activity: activity.clone() });
        let applied = engine.apply_under(&self.target, &command, self.fence).await?;
        app.out.report(&Beaten::new(place, &applied, activity.as_ref()))?;
        app.sweep(engine).await;
        Ok(Exit::Success)
    }
}

fn actor(args: &HeartbeatArgs) -> anyhow::Result<ActorId> {
    let missing =
        || Problem::usage("a workspace's heartbeat needs its owner: `--actor-id`").hint("tenure status");
    given::actor(args.actor_id.as_deref().ok_or_else(missing)?)
}
