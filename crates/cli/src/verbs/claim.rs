//! `tenure start NAME` and `tenure acquire`: become the holder of what nobody holds.

use std::time::Duration;

use tenure_core::id::{ActorId, Fence};
use tenure_core::lease::{Holder, HolderKind, RunTimes, Ttl};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_core::session::{Claim, Claimant, Command, Session, Step, Writer, may_renew};
use tenure_engine::{Engine, Kept, Loss, Steady, Target};
use tenure_store::Listed;

use super::{current, given, group, meant, ownership};
use crate::app::App;
use crate::args::lifecycle::{AcquireArgs, ClaimArgs};
use crate::args::run::IfFull;
use crate::args::workspace::StartArgs;
use crate::exit::Exit;
use crate::render::session::Claimed;
use crate::run::BootClock;
use crate::run::places::{Waited, Waiting};
use tenure_words::Problem;
use tenure_words::lost;

/// Starts the named session and holds it; its own holder starts it with the fence.
pub(super) async fn start(app: &App, name: &str, args: &StartArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(name).await?;
    let session = match fence(app, &listed, args.fence, args.actor_id.as_deref()) {
        Some(fence) => meant::drive(engine, &listed, Writer::Owner(fence), Step::Start).await?.session,
        None => {
            let claim = claim(engine, args.actor_id.as_deref(), args.lease_seconds, "start")?;
            let name = args.group.group.as_deref().map(group::name).transpose()?;
            if let Some(name) = &name {
                group::limit(engine, (&listed.session.namespace, name), args.group.group_limit).await?;
            }
            let waits = args.group.if_full == Some(IfFull::Wait);
            engine.expire_if_over(listed.handle).await?;
            let claim = Claim { group: name, waits, ..claim };
            let (ttl, at) = (claim.ttl, BootClock.now());
            let session = engine.apply(&target(&listed), &Command::Start(Box::new(claim))).await?.session;
            match session {
                Some(session) if session.is_queued => {
                    Some(placed(app, engine, (&listed, session), (ttl, at)).await?)
                }
                session => session,
            }
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
            engine.expire_if_over(listed.handle).await?;
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

/// The session once it has a place in its group.
async fn placed(
    app: &App,
    engine: &Engine,
    (listed, session): (&Listed, Session),
    (ttl, at): (Ttl, Duration),
) -> anyhow::Result<Session> {
    let group = session.group.clone().expect("what waits for a place is in a group");
    if !app.out.is_json() {
        app.out.warn(&format!("waiting for a place in group `{group}`"));
    }
    let times = RunTimes::new(ttl.length(), Duration::ZERO).map_err(given::refuse)?;
    let kept = Kept { handle: listed.handle, fence: session.counters.fence, times };
    let waiting = Waiting { engine: engine.clone(), kept, at, namespace: session.namespace.clone(), group };
    match waiting.wait().await {
        Waited::Entered(session, _) => Ok(*session),
        Waited::Lost(Loss::Refused(refusal)) => Err(given::refuse(refusal)),
        Waited::Lost(Loss::Store(error)) => Err(error.into()),
        Waited::Lost(Loss::Ended { .. } | Loss::TakenOver { .. }) => Err(given::refuse(Refusal::NotFound)),
        Waited::Lost(gone @ Loss::HandedOver { .. }) => Err(lost(&session, &gone).into()),
    }
}

/// Late, but nobody took it.
async fn regrant(engine: &Engine, listed: &Listed, fence: Fence) -> anyhow::Result<Option<Session>> {
    may_renew(&current(engine, listed.handle).await?, fence).map_err(given::refuse)?;
    Ok(engine.apply(&target(listed), &Command::Regrant { fence }).await?.session)
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
    let claimant = Claimant { holder, incarnation: engine.ids().incarnation() };
    Ok(Claim { claimant, ttl, group: None, waits: false })
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
