//! `tenure start NAME` and `tenure acquire`: become the holder of what nobody holds.

use std::time::Duration;

use tenure_core::id::{ActorId, Fence};
use tenure_core::lease::{Holder, HolderKind, Ttl};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_core::session::{Claim, Claimant, Command, Session, Step, Writer, may_renew};
use tenure_engine::{Engine, EngineError, Target};
use tenure_store::Listed;

use super::{current, given, meant, ownership};
use crate::app::App;
use crate::args::lifecycle::{AcquireArgs, ClaimArgs};
use crate::args::workspace::StartArgs;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::session::Claimed;

/// Starts the named session and holds it; its own holder starts it with the fence.
pub(super) async fn start(app: &App, name: &str, args: &StartArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(name).await?;
    let session = match fence(app, &listed, args.fence, args.actor_id.as_deref()) {
        Some(fence) => meant::drive(engine, &listed, Writer::Owner(fence), Step::Start).await?.session,
        None => {
            let claim = claim(engine, args.actor_id.as_deref(), args.lease_seconds, "start")?;
            expire(engine, &listed).await?;
            engine.apply(&target(&listed), &Command::Start(Box::new(claim))).await?.session
        }
    };
    report(app, engine, ("start", args.export), session).await
}

/// Holds the named session, or gets it back.
pub(super) async fn acquire(app: &App, args: &AcquireArgs) -> anyhow::Result<Exit> {
    let ClaimArgs { name, actor_id, lease_seconds, export } = &args.claim;
    let (engine, listed) = meant::session(app, name.as_deref()).await?;
    let session = match fence(app, &listed, args.fence, actor_id.as_deref()) {
        Some(fence) => regrant(engine, &listed, fence).await?,
        None => {
            let claim = claim(engine, actor_id.as_deref(), *lease_seconds, "acquire")?;
            expire(engine, &listed).await?;
            engine.apply(&target(&listed), &Command::Acquire(Box::new(claim))).await?.session
        }
    };
    report(app, engine, ("acquire", *export), session).await
}

/// The fence of a holder that goes on. Whoever says who it is wants to become the holder: what an earlier time left
/// in the environment of its shell is not meant then.
fn fence(app: &App, listed: &Listed, flag: Option<u64>, actor: Option<&str>) -> Option<Fence> {
    match (given::fence(flag), actor) {
        (None, Some(_)) => None,
        (flag, _) => ownership::of_session(app, &listed.session.id, flag),
    }
}

/// Late, but nobody took it.
async fn regrant(engine: &Engine, listed: &Listed, fence: Fence) -> anyhow::Result<Option<Session>> {
    may_renew(&current(engine, listed.handle).await?, fence).map_err(given::refuse)?;
    Ok(engine.apply(&target(listed), &Command::Regrant { fence }).await?.session)
}

/// What is over is not claimed, whoever sweeps or does not.
async fn expire(engine: &Engine, listed: &Listed) -> anyhow::Result<()> {
    match engine.apply(&target(listed), &Command::ExpireIdle).await {
        Ok(_) | Err(EngineError::Refused { refusal: Refusal::NotIdle | Refusal::WrongKind { .. }, .. }) => {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

const fn target(listed: &Listed) -> Target {
    Target::Session(listed.handle)
}

fn claim(engine: &Engine, actor: Option<&str>, seconds: Option<u64>, verb: &str) -> anyhow::Result<Claim> {
    let missing = || {
        Problem::usage("say who will hold the session: `--actor-id`")
            .hint(format!("tenure {verb} <name> --actor-id <actor-id>"))
    };
    let id: ActorId = given::actor(actor.ok_or_else(missing)?)?;
    let length = seconds.map_or(limits::HAND_TTL_DEFAULT, Duration::from_secs);
    let (min, max) = (limits::RUN_TTL_MIN, limits::RUN_TTL_MAX);
    let ttl =
        Ttl::run(length).ok_or_else(|| given::refuse(LimitRefusal::Length { what: "lease", min, max }))?;
    let holder = Holder { kind: HolderKind::RuntimeWorker, id, supervisor: None, place: None };
    Ok(Claim { claimant: Claimant { holder, incarnation: engine.ids().incarnation() }, ttl })
}

async fn report(
    app: &App,
    engine: &Engine,
    (verb, export): (&'static str, bool),
    session: Option<Session>,
) -> anyhow::Result<Exit> {
    let session = session.expect("a claim that is not refused leaves a session");
    app.out.report(&Claimed { session, verb, export })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
