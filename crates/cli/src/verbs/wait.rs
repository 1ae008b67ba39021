//! `tenure wait`: until a session has ended.

use std::sync::Arc;

use tenure_core::kind::Kind;
use tenure_core::session::Session;
use tenure_engine::{Engine, EngineError, Waited};
use tenure_store::Listed;

use crate::app::App;
use crate::args::session::WaitArgs;
use crate::exit::Exit;
use crate::out::Out;
use crate::render::session::Ended;
use crate::run::BootClock;
use tenure_words::Problem;
use tenure_words::left;
use tenure_words::when::length;

/// Waits for the end, and says what it was.
pub(super) async fn execute(app: &App, args: &WaitArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let ended = end(engine, &listed, &app.out);
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

async fn end(engine: &Engine, listed: &Listed, out: &Out) -> Result<Session, EngineError> {
    let mut wait = engine.wait(listed.handle, Arc::new(BootClock));
    loop {
        match wait.next().await? {
            Waited::Ended(session) => return Ok(*session),
            // A person's workspace is left for the night as a matter of course.
            Waited::Abandoned { held, expires_in }
                if listed.session.kind == Kind::Agent && !out.is_json() =>
            {
                out.warn(&left(&held, expires_in).join("\n  "));
            }
            Waited::Abandoned { .. } => {}
        }
    }
}
