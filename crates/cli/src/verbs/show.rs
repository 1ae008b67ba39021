//! `tenure show`: one session.

use tenure_core::time::Moment;
use tenure_engine::Witness;
use tenure_store::Listed;

use crate::app::App;
use crate::args::session::ShowArgs;
use crate::exit::Exit;
use crate::render::session::Shown;

/// Shows the session that is meant.
pub(super) async fn execute(app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let now = engine.store().now().await?;
    app.out.report(&shown(app, listed, now))?;
    Ok(Exit::Success)
}

/// A session as it is `now`, with a look at whether its holder is gone.
pub(super) fn shown(app: &App, listed: Listed, now: Moment) -> Shown {
    let is_gone = listed.session.lease.as_ref().is_some_and(|lease| app.hold_locks().is_gone(lease));
    Shown { listed, now, is_gone }
}
