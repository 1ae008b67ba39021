//! `tenure delete`: remove a session that has ended, with its log.

use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::Command;
use tenure_engine::{Engine, EngineError, Target};
use tenure_store::Listed;

use super::given;
use crate::app::App;
use crate::args::lifecycle::DeleteArgs;
use crate::exit::Exit;
use crate::render::session::Deleted;

/// Ends it first if it must be, and deletes it.
pub(super) async fn execute(app: &App, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let (engine, listed) = app.named(&args.name).await?;
    if listed.session.retained.is_some() {
        // What is to be kept is not ended for nothing, either.
        return Err(given::refuse(Refusal::Retained(Box::new(Existing::of(&listed.session)))));
    }
    if !listed.session.is_terminal() {
        if !args.force {
            return Err(given::refuse(Refusal::NotEnded(Box::new(Existing::of(&listed.session)))));
        }
        // Whoever is stopped between the two leaves a cancelled session, and never half of one.
        let cancel = Command::Cancel { by, reason: "deleted".to_owned() };
        cancelled(engine, &listed, &cancel).await?;
    }
    let session = engine.delete(listed.handle).await?;
    app.warn_of_damage();
    app.out.report(&Deleted { session })?;
    if engine.reclaim().await.is_err() {
        app.out.warn("the room that the session took is given back later");
    }
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// Ends it, unless somebody was faster.
async fn cancelled(engine: &Engine, listed: &Listed, cancel: &Command) -> anyhow::Result<()> {
    match engine.apply(&Target::Session(listed.handle), cancel).await {
        Ok(_) | Err(EngineError::Refused { refusal: Refusal::Transition { .. }, .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
