//! `tenure show`: one session.

use crate::app::App;
use crate::args::session::ShowArgs;
use crate::exit::Exit;
use crate::render::session::Shown;

/// Shows the session that is meant.
pub(super) async fn execute(app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let now = engine.store().now().await?;
    app.out.report(&Shown { listed, now })?;
    Ok(Exit::Success)
}
