//! `tenure stop`: the session's owner is asked to shut down.

use super::{ask, current};
use crate::app::App;
use crate::args::session::StopArgs;
use crate::exit::Exit;
use crate::render::session::Stopped;

/// Asks, and waits until it is done or the time is over. What was stopped before stays so.
pub(super) async fn execute(app: &App, args: &StopArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let Some(asking) = engine.ask_to_stop(&listed).await? else {
        let session = current(engine, listed.handle).await?.session.unwrap_or(listed.session);
        app.out.report(&Stopped { session, seq: None })?;
        return Ok(Exit::Success);
    };
    let seq = Some(asking.seq);
    if args.no_wait {
        app.out.report(&Stopped { session: listed.session, seq })?;
        return Ok(Exit::Success);
    }
    let session = ask::done(engine, &asking, args.timeout).await?;
    app.out.report(&Stopped { session, seq })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
