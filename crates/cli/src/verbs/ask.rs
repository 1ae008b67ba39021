//! `tenure pause` and `tenure resume`: done at once, or asked of the session's owner.

use std::time::Duration;

use tenure_core::event::Request;
use tenure_core::lease::Standing;
use tenure_core::session::{Session, Step, Writer};
use tenure_engine::{Asking, Engine, is_anothers};

use super::{current, drive, given, meant};
use crate::app::App;
use crate::args::session::AskArgs;
use crate::exit::Exit;
use crate::render::session::Asked;
use tenure_words::Problem;
use tenure_words::when::length;

/// Does it for the owner and where there is none; asks the owner otherwise, and waits until it is done or the
/// time is over.
pub(super) async fn execute(app: &App, args: &AskArgs, request: Request) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let writer = meant::writer(app, &listed, &args.owned, args.actor_id.as_deref())?;
    let fence = match writer {
        Writer::Owner(fence) => Some(fence),
        Writer::Operator(_) => None,
    };
    if listed.session.kind.rules().has_lifecycle && !is_anothers(&listed.session, fence) {
        let step = step(request, args.reason.as_deref())?;
        return drive::take(app, (engine, &listed), (&args.owned, args.actor_id.as_deref()), step).await;
    }
    let asking = engine.ask(&listed, request).await?;
    let session = done(engine, &asking, args.timeout).await?;
    app.out.report(&Asked { session, request, seq: asking.seq })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

fn step(request: Request, reason: Option<&str>) -> anyhow::Result<Step> {
    let reason = reason.map(given::reason).transpose()?;
    Ok(match request {
        Request::Pause => Step::Pause { reason: reason.unwrap_or_else(|| "session paused".to_owned()) },
        Request::Resume => Step::Resume { reason: reason.unwrap_or_else(|| "session resumed".to_owned()) },
        Request::Stop => unreachable!("stopping is always asked of the owner"),
    })
}

/// The session once what was asked is done, or what is known when the time is over.
pub(super) async fn done(engine: &Engine, asking: &Asking, timeout: Duration) -> anyhow::Result<Session> {
    match tokio::time::timeout(timeout, asking.done()).await {
        Ok(session) => Ok(session?),
        Err(_elapsed) => Err(unanswered(engine, asking, timeout).await?.into()),
    }
}

async fn unanswered(engine: &Engine, asking: &Asking, timeout: Duration) -> anyhow::Result<Problem> {
    let verb = asking.request.name();
    let now = engine.store().now().await?;
    let session = current(engine, asking.handle).await?.session;
    let lease = session.as_ref().and_then(|session| session.lease.as_ref());
    let is_gone = lease.is_some_and(|lease| engine.is_gone(lease));
    let standing = session.as_ref().map(|session| session.standing(&now));
    let statement = format!("the owner was asked to {verb}, and has not done it within {}", length(timeout));
    let problem = Problem::missing("NOT_ANSWERED", statement).hint("tenure show <name>");
    Ok(match standing {
        _ if is_gone => problem.detail("its process is gone: nobody is there to do it"),
        Some(Ok(Standing::Over)) => problem.detail("its lease is over: nobody may be there to do it"),
        _ => problem.detail("the request stays in the log; the owner may still do it"),
    })
}
