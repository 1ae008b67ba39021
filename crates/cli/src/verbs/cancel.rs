//! `tenure cancel`: end a session, whoever holds it.

use tenure_core::session::Command;
use tenure_engine::Target;

use super::given;
use crate::app::App;
use crate::args::session::CancelArgs;
use crate::exit::Exit;
use crate::render::session::Cancelled;

/// Ends the session that is meant.
pub(super) async fn execute(app: &App, args: &CancelArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let reason = match &args.reason {
        Some(text) => given::reason(text)?,
        None => "cancelled".to_owned(),
    };
    let (engine, listed) = app.named(&args.name).await?;
    let command = Command::Cancel { by, reason: reason.clone() };
    let applied = engine.apply(&Target::Session(listed.handle), &command).await?;
    let session = applied.session.expect("a cancel that is not refused leaves a session");
    app.out.report(&Cancelled { session, reason })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
