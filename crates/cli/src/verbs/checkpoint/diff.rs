//! `tenure checkpoint diff`: what differs between two payloads.

use super::id;
use crate::app::App;
use crate::args::checkpoint::DiffArgs;
use crate::exit::Exit;
use crate::render::checkpoint::Diff;

/// Compares two checkpoints of the session that is meant.
pub(super) async fn execute(app: &App, args: &DiffArgs) -> anyhow::Result<Exit> {
    let (a, b) = (id(&args.a)?, id(&args.b)?);
    let (engine, listed) = app.named(&args.name).await?;
    let a = engine.read_checkpoint(listed.handle, Some(&a)).await?;
    let b = engine.read_checkpoint(listed.handle, Some(&b)).await?;
    app.out.report(&Diff::between(a, b))?;
    Ok(Exit::Success)
}
