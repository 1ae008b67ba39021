//! `tenure checkpoint list`: what was saved, newest first.

use tenure_core::id::Seq;
use tenure_store::ListedCheckpoint;

use crate::app::App;
use crate::args::checkpoint::ListArgs;
use crate::exit::Exit;
use crate::render::checkpoint::Checkpoints;

/// Lists the checkpoints of the session that is meant.
pub(super) async fn execute(app: &App, args: &ListArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let (limit, before) = (usize::from(args.limit), args.cursor.map(Seq));
    // One more than wanted tells whether there is a next page.
    let mut checkpoints = engine.checkpoints(listed.handle, before, limit + 1).await?;
    let has_more = checkpoints.len() > limit;
    checkpoints.truncate(limit);
    let next = checkpoints.last().filter(|_| has_more).map(|last| match last {
        ListedCheckpoint::Readable(checkpoint) => checkpoint.seq,
        ListedCheckpoint::Damaged { seq, .. } => *seq,
    });
    let now = engine.store().now().await?;
    app.out.report(&Checkpoints { checkpoints, next, now })?;
    Ok(Exit::Success)
}
