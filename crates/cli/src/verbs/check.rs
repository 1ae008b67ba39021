//! `tenure check`: whether a fence is current and its lease live.

use tenure_core::id::Fence;
use tenure_core::lease::Standing;
use tenure_core::refusal::Refusal;
use tenure_core::session::Session;
use tenure_core::time::{Moment, UnusableClock};
use tenure_engine::{EngineError, check_fence};

use super::{current, given, meant, ownership};
use crate::app::App;
use crate::args::session::CheckArgs;
use crate::exit::Exit;
use crate::render::session::Checked;
use tenure_words::Problem;

/// Succeeds only for the holder whose lease is live now.
pub(super) async fn execute(app: &App, args: &CheckArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.name.as_deref()).await.map_err(no_holder)?;
    let session = listed.session.id;
    let fence = ownership::of_session(app, &session, given::fence(args.fence));
    let fence = fence.ok_or_else(|| Problem::usage("give the fence to check").hint("--fence <n>"))?;
    let stored = current(engine, listed.handle).await?;
    check_fence(&stored, fence).map_err(given::refuse)?;
    let now = engine.store().now().await?;
    stored.open().map_or(Ok(()), |session| live(session, fence, &now))?;
    app.out.report(&Checked { session, fence })?;
    Ok(Exit::Success)
}

/// A session that is not there is held by nobody: that is an answer, and it is no.
fn no_holder(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<EngineError>() {
        Some(EngineError::NotFound { .. }) => given::refuse(Refusal::NotFound),
        Some(_) | None => error,
    }
}

fn live(session: &Session, fence: Fence, now: &Moment) -> anyhow::Result<()> {
    match session.standing(now) {
        Ok(Standing::Live) => Ok(()),
        Ok(Standing::Over) => {
            let statement = format!(
                "the lease under fence {fence} is over: anybody may take session `{}` over",
                session.id
            );
            Err(Problem::refused("LEASE_OVER", statement).hint("tenure show <name>").into())
        }
        Err(UnusableClock) => Err(given::refuse(Refusal::Clock)),
    }
}
