//! `tenure cancel`: end a session, whoever holds it.

use tenure_core::id::ActorId;
use tenure_core::kind::Kind;
use tenure_core::lease::Standing;
use tenure_core::session::Command;
use tenure_engine::{Engine, Target};
use tenure_store::Listed;

use super::given;
use crate::app::App;
use crate::args::session::CancelArgs;
use crate::exit::Exit;
use crate::render::session::{AskedToEnd, Cancelled};

/// Ends the session that is meant.
pub(super) async fn execute(app: &App, args: &CancelArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let reason = match &args.reason {
        Some(text) => given::reason(text)?,
        None => "cancelled".to_owned(),
    };
    let (engine, listed) = app.named(&args.name).await?;
    if listed.session.kind == Kind::Workflow && !args.now && !listed.session.is_terminal() {
        return ask(app, engine, listed, (reason, by)).await;
    }
    let command = Command::Cancel { by, reason: reason.clone() };
    let applied = engine.apply(&Target::Session(listed.handle), &command).await?;
    let session = applied.session.expect("a cancel that is not refused leaves a session");
    app.out.report(&Cancelled { session, reason })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// An orchestration is told, and may tidy up.
async fn ask(
    app: &App,
    engine: &Engine,
    listed: Listed,
    (reason, by): (String, Option<ActorId>),
) -> anyhow::Result<Exit> {
    let now = engine.store().now().await?;
    let Listed { session, .. } = listed;
    engine.ask_to_end(&session, reason.clone(), by).await?;
    let is_held = session.standing(&now) == Ok(Standing::Live);
    app.out.report(&AskedToEnd { session, reason, is_held })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
