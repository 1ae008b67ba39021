//! `tenure fork`: go on from an earlier point in a new session.

use tenure_core::id::{Seq, SessionId};
use tenure_engine::{ForkAt, ForkWish};

use super::{checkpoint, given};
use crate::app::App;
use crate::args::checkpoint::ForkArgs;
use crate::exit::Exit;
use crate::render::session::Forked;

/// Forks the session that is meant.
pub(super) async fn execute(app: &App, args: &ForkArgs) -> anyhow::Result<Exit> {
    let id = args.id.as_deref().map(SessionId::parse).transpose().map_err(given::name("session id"))?;
    let at = match (args.at, &args.checkpoint) {
        (Some(seq), _) => ForkAt::Seq(Seq(seq)),
        (None, Some(id)) => ForkAt::Checkpoint(checkpoint::id(id)?),
        (None, None) => ForkAt::Head,
    };
    let (engine, listed) = app.named(&args.name).await?;
    let now = engine.store().now().await?;
    let forked = engine.fork(listed.handle, ForkWish { at, id, principal: None }).await?;
    app.out.report(&Forked { forked, now })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
