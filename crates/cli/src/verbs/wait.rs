//! `tenure wait`: until a session has ended.

use crate::app::App;
use crate::args::session::WaitArgs;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::session::Ended;
use crate::render::when::length;

/// Waits for the end, and says what it was.
pub(super) async fn execute(app: &App, args: &WaitArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let ended = engine.wait(listed.handle);
    let session = match args.timeout {
        None => ended.await?,
        Some(timeout) => tokio::time::timeout(timeout, ended).await.map_err(|_elapsed| {
            let statement =
                format!("session `{}` has not ended within {}", listed.session.id, length(timeout));
            Problem::missing("TIMEOUT", statement).hint("tenure show <name>")
        })??,
    };
    let ended = Ended { session, now: engine.store().now().await? };
    app.out.report(&ended)?;
    Ok(if ended.is_well() { Exit::Success } else { Exit::Failure })
}
