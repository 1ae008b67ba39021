//! `tenure checkpoint prune`: keep no more than is wanted.

use tenure_engine::Prune;

use super::super::{given, meant, ownership};
use crate::app::App;
use crate::args::checkpoint::PruneArgs;
use crate::exit::Exit;
use crate::render::checkpoint::Pruned;

/// Removes all but the newest checkpoints of the session that is meant.
pub(super) async fn execute(app: &App, args: &PruneArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.owned.fence));
    let prune = Prune { keep: args.keep, fence, dry_run: args.dry_run, known_valid: None };
    let pruned = engine.prune(listed.handle, &prune).await?;
    app.out.report(&Pruned { session: listed.session.id, pruned, dry_run: args.dry_run })?;
    if !args.dry_run {
        app.sweep(engine).await;
    }
    Ok(Exit::Success)
}
