//! `tenure append`: an event of the owner's, or a message to it.

use std::io::Read;

use anyhow::Context;
use serde_json::Value;
use tenure_core::event::{EventBody, is_reserved};
use tenure_core::id::EventType;
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_engine::EngineError;
use tenure_store::{AppendOutcome, AppendRequest};

use super::{given, ownership};
use crate::app::App;
use crate::args::session::AppendArgs;
use crate::exit::Exit;
use crate::problem::{Problem, lines};
use crate::render::session::Appended;

/// Appends one event.
pub(super) async fn execute(app: &App, args: &AppendArgs) -> anyhow::Result<Exit> {
    let kind = kind(&args.kind)?;
    let json = payload(&args.data)?;
    let (engine, listed) = app.named(&args.name).await?;
    let session = listed.session.id;
    let fence = ownership::of_session(app, &session, given::fence(args.fence));
    // An event says when it was; a clock that cannot be used must not date it to 1970.
    if engine.store().now().await?.wall.is_none() {
        return Err(EngineError::Refused { refusal: Refusal::Clock, raced: false }.into());
    }
    let request = AppendRequest {
        commit_id: engine.ids().commit_id(),
        handle: listed.handle,
        fence,
        events: vec![EventBody::Given { kind, json }],
        after: listed.head,
    };
    match engine.append(request).await? {
        AppendOutcome::Appended { last: seq, .. } => app.out.report(&Appended { session, seq, fence })?,
        AppendOutcome::Fenced { .. } | AppendOutcome::Ended | AppendOutcome::NotFound => {
            unreachable!("the engine makes errors of these")
        }
    }
    app.sweep(engine).await;
    Ok(Exit::Success)
}

fn kind(text: &str) -> anyhow::Result<EventType> {
    let kind = EventType::parse(text).map_err(given::name("event type"))?;
    if is_reserved(&kind) {
        let problem =
            Problem::refused("RESERVED_TYPE", format!("events of type `{kind}` are written by Tenure only"));
        return Err(problem.hint("choose another type, a custom one for example: `x.<name>`").into());
    }
    Ok(kind)
}

/// The payload as text, known to be JSON of bounded size.
fn payload(data: &str) -> anyhow::Result<String> {
    let json = if data == "-" { standard_input()? } else { data.to_owned() };
    if json.len() > limits::EVENT_BYTES_MAX {
        let (length, max) = (json.len(), limits::EVENT_BYTES_MAX);
        return Err(given::refuse(LimitRefusal::Bytes { what: "payload", length, max }));
    }
    match serde_json::from_str::<Value>(&json) {
        Ok(_) => Ok(json),
        Err(error) => Err(Problem::usage("the payload is not JSON")
            .details(lines(&error.to_string()))
            .hint("--data '{\"step\": 3}'")
            .into()),
    }
}

/// No more than is needed to know that it is too much.
fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let most = limits::EVENT_BYTES_MAX as u64 + 1;
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("read the payload")?;
    String::from_utf8(bytes).map_err(|_not_utf8| Problem::usage("the payload is not UTF-8 text").into())
}
