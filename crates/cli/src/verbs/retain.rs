//! `tenure retain`: keep everything of a session.

use tenure_core::session::Command;
use tenure_engine::Target;

use super::given;
use crate::app::App;
use crate::args::keeping::RetainArgs;
use crate::exit::Exit;
use crate::render::keeping::RetainedNow;

/// Says that it is to be kept, or no longer.
pub(super) async fn execute(app: &App, args: &RetainArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let command = match &args.reason {
        Some(reason) => Command::Retain { by, reason: given::reason(reason)? },
        None => Command::EndRetention { by },
    };
    let (engine, listed) = app.named(&args.name).await?;
    let applied = engine.apply(&Target::Session(listed.handle), &command).await?;
    let session = applied.session.or(applied.before).expect("what was found is there");
    app.out.report(&RetainedNow { session })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
