//! `tenure checkpoint show`: one checkpoint, or its payload.

use super::{meant, warn_of};
use crate::app::App;
use crate::args::checkpoint::ShowArgs;
use crate::exit::Exit;
use crate::render::checkpoint::Shown;

/// Shows the checkpoint that is meant, which must be what was saved.
pub(super) async fn execute(app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let (engine, listed, wanted) = meant(app, (args.name.as_deref(), args.id.as_deref())).await?;
    let read = engine.read_checkpoint(listed.handle, wanted.as_ref()).await?;
    warn_of(app, &read.skipped);
    if args.raw {
        app.out.bytes(&read.bytes)?;
        app.out.flush()?;
        return Ok(Exit::Success);
    }
    let now = engine.store().now().await?;
    app.out.report(&Shown { checkpoint: read.checkpoint, skipped: read.skipped, now })?;
    Ok(Exit::Success)
}
