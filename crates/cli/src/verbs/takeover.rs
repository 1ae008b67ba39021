//! `tenure takeover`: become the holder of what its holder has left.

use std::time::Duration;

use tenure_core::id::{ActorId, Fence};
use tenure_core::kind::Kind;
use tenure_core::lease::{Holder, HolderKind, Ttl};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal, TakeoverRefusal};
use tenure_core::session::{Claimant, Command};
use tenure_core::workspace::Takeover;
use tenure_engine::{Engine, Target};
use tenure_store::{Find, Listed};

use super::{given, ownership};
use crate::app::App;
use crate::args::workspace::TakeoverArgs;
use crate::exit::Exit;
use crate::living;
use crate::render::session::TakenOver as SessionTakenOver;
use crate::render::workspace::{TakenOver, Where};
use crate::workspace::Workspace;
use tenure_words::Problem;

/// Who takes over, and why.
struct Taker {
    actor: ActorId,
    supervisor: Option<ActorId>,
    reason: String,
    /// Under which fence it says that the session was held.
    fence: Option<Fence>,
}

/// Takes the named session over, or the workspace's.
pub(super) async fn execute(app: &App, args: &TakeoverArgs) -> anyhow::Result<Exit> {
    let taker = Taker {
        actor: given::actor(&args.actor_id)?,
        supervisor: given::supervisor(args.supervisor_id.as_deref())?,
        reason: given::reason(&args.reason)?,
        fence: None,
    };
    let Some(name) = &args.name else {
        return workspace(app, args, taker).await;
    };
    let ttl = ttl(args)?;
    let (engine, listed) = app.named(name).await?;
    let taker =
        Taker { fence: ownership::of_session(app, &listed.session.id, given::fence(args.fence)), ..taker };
    match listed.session.kind {
        Kind::Agent => session(app, engine, &listed, (taker, ttl)).await,
        kind @ Kind::Workflow => Err(given::refuse(Refusal::WrongKind { kind, verb: "takeover" })),
        Kind::Workspace if args.lease_seconds.is_some() => Err(Problem::usage(
            "`--lease-seconds` is not for workspaces: a takeover keeps the lease's length",
        )
        .into()),
        Kind::Workspace => {
            let place = Where::of(app.place(), &listed.session);
            take(app, engine, (Target::Session(listed.handle), place), taker).await
        }
    }
}

async fn workspace(app: &App, args: &TakeoverArgs, taker: Taker) -> anyhow::Result<Exit> {
    let workspace = Workspace::find(&app.options, &args.place)?;
    let Some(engine) = app.existing()? else {
        return Err(given::refuse(Refusal::Takeover(TakeoverRefusal::NoSession)));
    };
    let fence = ownership::of_slot(app, engine, &workspace.slot(), given::fence(args.fence)).await?;
    let taker = Taker { fence, ..taker };
    let place = Where::workspace(app.place(), &workspace);
    take(app, engine, (Target::Slot(workspace.slot()), place), taker).await
}

async fn take(
    app: &App,
    engine: &Engine,
    (target, place): (Target, Where),
    taker: Taker,
) -> anyhow::Result<Exit> {
    let now = engine.store().now().await?;
    let takeover = Takeover {
        id: engine.ids().session_id(now.wall),
        incarnation: engine.ids().incarnation(),
        actor: taker.actor,
        supervisor: taker.supervisor,
        reason: taker.reason.clone(),
        place: None,
    };
    let applied = engine.apply_under(&target, &Command::WorkspaceTakeover(takeover), taker.fence).await?;
    app.out.report(&TakenOver::new(place, &applied, taker.reason))?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn session(
    app: &App,
    engine: &Engine,
    listed: &Listed,
    (taker, ttl): (Taker, Option<Ttl>),
) -> anyhow::Result<Exit> {
    living::ensure_gone(engine, app.db(), Find::Handle(listed.handle)).await?;
    let holder = Holder {
        kind: HolderKind::RuntimeWorker,
        id: taker.actor,
        supervisor: taker.supervisor,
        place: None,
    };
    let claimant = Claimant { holder, incarnation: engine.ids().incarnation() };
    let command = Command::Takeover { claimant, ttl, reason: taker.reason.clone() };
    let applied = engine.apply_under(&Target::Session(listed.handle), &command, taker.fence).await?;
    app.out.report(&SessionTakenOver::new(&applied, taker.reason))?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

fn ttl(args: &TakeoverArgs) -> anyhow::Result<Option<Ttl>> {
    let Some(seconds) = args.lease_seconds else {
        return Ok(None);
    };
    let (min, max) = (limits::RUN_TTL_MIN, limits::RUN_TTL_MAX);
    let ttl = Ttl::run(Duration::from_secs(seconds));
    ttl.map(Some).ok_or_else(|| given::refuse(LimitRefusal::Length { what: "lease", min, max }))
}
