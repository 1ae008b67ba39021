//! `tenure recover`: what a shutdown has paused runs again, in the background.

use std::process::{Command, Output, Stdio};

use anyhow::Context;
use serde_json::Value;
use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_core::limits;
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::{Session, StateName, refuse_if_handed_over};
use tenure_engine::Engine;
use tenure_store::{Filter, ListRequest, Order};

use super::given;
use crate::app::App;
use crate::args::session::RecoverArgs;
use crate::exit::Exit;
use crate::render::session::{Recovered, Recovery};
use tenure_words::lines;

/// Runs all of them again, and says of each what became of it.
pub(super) async fn execute(app: &App, args: &RecoverArgs) -> anyhow::Result<Exit> {
    let sessions = if args.all { everything(app).await? } else { named(app, &args.names).await? };
    let mut recoveries = Vec::new();
    for session in sessions {
        let became = recover(app, &session)?;
        // Of everything, what somebody else was faster to begin needs nothing.
        if !(args.all && became.is_held()) {
            recoveries.push((session, became));
        }
    }
    let report = Recovered { recoveries };
    let exit = report.exit();
    app.out.report(&report)?;
    Ok(exit)
}

/// The sessions of these names, all of which must be such as go on.
async fn named(app: &App, names: &[String]) -> anyhow::Result<Vec<Session>> {
    let mut sessions = Vec::new();
    for name in names {
        let session = app.named(name).await?.1.session;
        refuse_if_handed_over(&session).map_err(given::refuse)?;
        if !goes_on(&session) {
            return Err(given::refuse(Refusal::NotShutDown(Box::new(Existing::of(&session)))));
        }
        sessions.push(session);
    }
    Ok(sessions)
}

/// Oldest first, of every tenant.
async fn everything(app: &App) -> anyhow::Result<Vec<Session>> {
    let Some(engine) = app.existing()? else {
        return Ok(Vec::new());
    };
    let mut sessions = Vec::new();
    let namespaces = match app.remote()? {
        // A token is of one.
        Some(_) => vec![app.options.namespace.value.clone()],
        None => engine.store().namespaces().await?,
    };
    for namespace in namespaces {
        sessions.extend(of_tenant(engine, namespace).await?);
    }
    Ok(sessions)
}

async fn of_tenant(engine: &Engine, namespace: Namespace) -> anyhow::Result<Vec<Session>> {
    let filter = Filter {
        states: vec![StateName::Pending, StateName::Paused],
        kinds: vec![Kind::Agent],
        ..Filter::default()
    };
    let mut request =
        ListRequest { namespace, filter, order: Order::Oldest, past: None, limit: limits::LIST_MAX };
    let mut sessions = Vec::new();
    loop {
        let page = engine.store().list(request.clone()).await?;
        sessions.extend(page.sessions.into_iter().map(|listed| listed.session).filter(goes_on));
        match page.next {
            Some(next) => request.past = Some(next),
            None => return Ok(sessions),
        }
    }
}

fn goes_on(session: &Session) -> bool {
    session.is_auto_resumed() && session.recipe.is_some()
}

/// Has another process of this program run it again, in the background.
fn recover(app: &App, session: &Session) -> anyhow::Result<Recovery> {
    let mut command = Command::new(std::env::current_exe().context("find this program's file")?);
    command.args(app.words_for_place());
    if app.remote()?.is_none() {
        command.args(["--namespace", session.namespace.as_str()]);
    }
    command.args(["--output", "json", "--color", "never", "resume", "--detach", "--automatic", "--"]);
    let output = command.arg(session.id.as_str()).stdin(Stdio::null()).output();
    let Output { status, stdout, stderr } = output.context("start the background process")?;
    let said = serde_json::from_slice(&stdout).unwrap_or(Value::Null);
    Ok(if status.success() {
        Recovery::Runs(said)
    } else {
        Recovery::Not { said, complaints: lines(&String::from_utf8_lossy(&stderr)) }
    })
}
