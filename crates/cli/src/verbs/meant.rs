//! The session that a verb means, and who changes it.

use tenure_core::id::SessionId;
use tenure_core::session::{Command, Drive, Step, Writer};
use tenure_engine::{Applied, Engine, Target};
use tenure_store::Listed;

use super::{given, ownership};
use crate::app::App;
use crate::args::lifecycle::OwnedArgs;
use tenure_words::Problem;

/// The session that was named, else the environment's.
pub(super) async fn session<'a>(app: &'a App, name: Option<&str>) -> anyhow::Result<(&'a Engine, Listed)> {
    let name = name.or_else(|| app.options.held.session.as_ref().map(SessionId::as_str));
    app.named(name.ok_or_else(unnamed)?).await
}

/// No session was named.
pub(super) fn unnamed() -> Problem {
    Problem::usage("name the session: there is no TENURE_SESSION_ID")
}

/// Who changes a session: its owner where a fence is known, else whoever may when nobody holds it.
pub(super) fn writer(
    app: &App,
    listed: &Listed,
    args: &OwnedArgs,
    actor: Option<&str>,
) -> anyhow::Result<Writer> {
    let by = given::optional_actor(actor)?;
    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.fence));
    Ok(fence.map_or(Writer::Operator(by), Writer::Owner))
}

/// Takes a step of a session.
pub(super) async fn drive(
    engine: &Engine,
    listed: &Listed,
    writer: Writer,
    step: Step,
) -> anyhow::Result<Applied> {
    let command = Command::Drive(Box::new(Drive { writer, step }));
    Ok(engine.apply(&Target::Session(listed.handle), &command).await?)
}
