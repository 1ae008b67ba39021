//! Orchestrations: started, signalled, looked at, waited for.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tenure_api::requests::{IfThere as Wished, Send, StartOrchestration};
use tenure_api::{
    Accepted, FailureDetail, History, HistoryEvent, OrchestrationOutcome as Outcome, Payload, Problem,
    ShownSession, Started, task,
};
use tenure_core::id::{CodeName, SessionId, SignalName};
use tenure_core::kind::Kind;
use tenure_core::orchestration::{Signal, Version};
use tenure_core::refusal::{Existing, Refusal};
use tenure_engine::{Ended, Engine, IfThere, Orchestrations, StartError, Starting};
use tenure_store::{HistoryRequest, Listed};

use super::show::beside;
use super::{Asked, Here, named};
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::given;
use crate::query::Query;
use crate::setup::Served;
use crate::trace::Trace;

/// Longest wait of one request.
const WAIT_MS_MAX: u64 = 30_000;

fn orchestrations(served: &Served, engine: &Engine) -> Orchestrations {
    Orchestrations::new(engine.clone(), Arc::clone(&served.setup.clock), None)
}

/// Starts an instance of an orchestration
///
/// A worker that has its code runs it. It is a session: what sessions are asked, it is asked as well.
#[utoipa::path(post, path = "/v1/orchestrations", tag = "orchestrations", request_body = StartOrchestration,
    security(("token" = ["owner"])),
    responses((status = 201, description = "It was started", body = Started),
        (status = 200, description = "It was there", body = Started),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn start(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Trace(trace): Trace,
    Json(wish): Json<StartOrchestration>,
) -> Answer<(StatusCode, Answered<Started>)> {
    let id = wish.id.as_deref().map(SessionId::parse).transpose().map_err(given::name("session id"))?;
    let wrong_version = || Failure::usage("`version` is three numbers, like 1.2.0");
    let version =
        wish.version.as_deref().map(|text| Version::parse(text).ok_or_else(wrong_version)).transpose()?;
    let starting = Starting {
        id,
        namespace: caller.namespace.clone(),
        name: CodeName::parse(&wish.name).map_err(given::name("orchestration's name"))?,
        version,
        input: task::payload(&wish.input),
        labels: wish.labels,
        trace,
        if_there: match wish.if_there {
            Wished::Give => IfThere::Give,
            Wished::Fail => IfThere::Fail,
            Wished::Follow => IfThere::Follow,
        },
        principal: caller.principal.clone(),
    };
    let outcome = orchestrations(&served, &engine).start(starting).await.map_err(|error| match error {
        StartError::IdInUse { session } => {
            Failure::refused(Refusal::IdInUse(Box::new(Existing::of(&session))))
        }
        StartError::Engine(error) => error.into(),
    })?;
    let started = outcome.started;
    if started.was_there {
        // What others may not see is not given to them.
        named(&served, &caller, started.id.as_str()).await?;
    }
    let status = if started.was_there { StatusCode::OK } else { StatusCode::CREATED };
    let answer = Started { session: started.id.as_str().to_owned(), was_there: started.was_there };
    Ok((status, Answered(answer)))
}

async fn instance(served: &Served, caller: &Caller, name: &str) -> Answer<Listed> {
    let listed = named(served, caller, name).await?;
    match listed.session.kind {
        Kind::Workflow => Ok(listed),
        kind @ (Kind::Agent | Kind::Workspace) => {
            Err(Failure::refused(Refusal::WrongKind { kind, verb: "orchestrations" }))
        }
    }
}

/// Shows an instance: its session, what its code said of itself, and what it waits for
///
/// With `changes`, it waits until what the code says of itself changed more often than that, or the time is over.
#[utoipa::path(get, path = "/v1/orchestrations/{name}", tag = "orchestrations", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "The instance's id"),
        ("changes" = Option<u64>, Query, description = "How many changes of its status are known"),
        ("wait_ms" = Option<u64>, Query, description = "How long to wait for another: at most 30,000", maximum = 30_000)),
    responses((status = 200, body = ShownSession),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<ShownSession>> {
    let changes = query.number("changes", (0, u64::MAX))?;
    let wait = query.number("wait_ms", (0, WAIT_MS_MAX))?.unwrap_or(0);
    query.end()?;
    let engine = &served.setup.engine;
    let mut listed = instance(&served, &caller, &name).await?;
    if let Some(changes) = changes.filter(|_| wait > 0) {
        let all = orchestrations(&served, engine);
        let outcome = all.of(caller.namespace.clone(), listed.session.id.clone()).await?;
        tokio::select! {
            status = tokio::time::timeout(Duration::from_millis(wait), all.status_after(&outcome, changes)) => {
                if let Ok(status) = status {
                    status?;
                }
            }
            () = served.stopping() => {}
        }
        listed = instance(&served, &caller, &name).await?;
    }
    let beside = beside(&served, &caller, &listed).await?;
    Ok(Answered(ShownSession { session: super::document(engine, &listed).await?, beside }))
}

/// Sends a signal to an instance
#[utoipa::path(post, path = "/v1/orchestrations/{name}/signals", tag = "orchestrations", request_body = Send,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "The instance's id")),
    responses((status = 202, description = "It is durable", body = Accepted),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn signal(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Json(wish): Json<Send>,
) -> Answer<(StatusCode, Answered<Accepted>)> {
    let name_of = SignalName::parse(&wish.name).map_err(given::name("signal's name"))?;
    let listed = instance(&served, &caller, &name).await?;
    let signal = Signal { name: name_of, data: task::payload(&wish.data) };
    orchestrations(&served, &engine).signal(caller.namespace.clone(), listed.session.id, signal).await?;
    Ok((StatusCode::ACCEPTED, Answered(Accepted { accepted: true })))
}

/// Reads an instance's history
#[utoipa::path(get, path = "/v1/orchestrations/{name}/history", tag = "orchestrations",
    security(("token" = ["observer"])),
    params(("name" = String, Path, description = "The instance's id"),
        ("execution" = Option<u64>, Query, description = "Which execution, from 1; without one: the newest", minimum = 1)),
    responses((status = 200, body = History),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn history(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<History>> {
    let execution = query.number("execution", (1, i64::MAX as u64))?;
    query.end()?;
    let listed = instance(&served, &caller, &name).await?;
    let request = HistoryRequest { handle: listed.handle, execution };
    let page = served.setup.engine.store().history(request).await?;
    let turns = (1..).zip(&page.turns);
    let data = turns.flat_map(|(turn, facts)| facts.iter().map(move |fact| HistoryEvent::of(turn, fact)));
    Ok(Answered(History { execution: page.execution, data: data.collect() }))
}

/// Waits for an instance's end
///
/// Answers `running` where the time is over first.
#[utoipa::path(get, path = "/v1/orchestrations/{name}/result", tag = "orchestrations",
    security(("token" = ["observer"])),
    params(("name" = String, Path, description = "The instance's id"),
        ("wait_ms" = Option<u64>, Query, description = "How long to wait: at most 30,000", maximum = 30_000)),
    responses((status = 200, body = Outcome),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn result(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<Outcome>> {
    let wait = query.number("wait_ms", (0, WAIT_MS_MAX))?.unwrap_or(0);
    query.end()?;
    let listed = instance(&served, &caller, &name).await?;
    let all = orchestrations(&served, &served.setup.engine);
    let outcome = all.of(caller.namespace.clone(), listed.session.id).await?;
    let ended = tokio::select! {
        biased;
        ended = all.ended(outcome) => ended?,
        () = tokio::time::sleep(Duration::from_millis(wait)) => return Ok(Answered(Outcome::plain("running"))),
        () = served.stopping() => return Ok(Answered(Outcome::plain("running"))),
    };
    Ok(Answered(match ended {
        Ended::Completed(output) => {
            Outcome { output: Some(Payload::of(&output)), ..Outcome::plain("completed") }
        }
        Ended::Failed(failure) => {
            Outcome { failure: Some(FailureDetail::of(&failure)), ..Outcome::plain("failed") }
        }
        Ended::Cancelled(reason) => Outcome { reason: Some(reason), ..Outcome::plain("cancelled") },
        Ended::Deleted => Outcome::plain("deleted"),
    }))
}
