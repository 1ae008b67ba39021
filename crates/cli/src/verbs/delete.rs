//! `tenure delete`: remove a session that has ended, with its log.

use super::given;
use crate::app::App;
use crate::args::lifecycle::DeleteArgs;
use crate::exit::Exit;
use crate::render::session::Deleted;

/// Ends it first if it must be, and deletes it.
pub(super) async fn execute(app: &App, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let (engine, listed) = app.named(&args.name).await?;
    let session = engine.end_and_delete(&listed, args.force, by).await?;
    app.warn_of_damage();
    app.out.report(&Deleted { session })?;
    if engine.reclaim().await.is_err() {
        app.out.warn("the room that the session took is given back later");
    }
    app.sweep(engine).await;
    Ok(Exit::Success)
}
