//! A session's course: pause, resume, complete, fail, cancel, stop, retain.

use std::time::Duration;

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tenure_api::requests::{Ask, AskOwner, Complete, End, Fail, Reason};
use tenure_api::{OwnerAsked, Problem};
use tenure_core::event::Request;
use tenure_core::kind::Kind;
use tenure_core::session::{Command, Step};
use tenure_engine::{Asking, Engine, Target, is_anothers};
use tenure_store::Listed;

use super::{Asked, Here, SessionAnswer, Write, applied, named, sessions, shown};
use crate::answer::{Answer, Failure};
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::headers::Guards;

/// How long a request to a session's holder may take to be done.
const ASK_TIMEOUT_MAX: Duration = Duration::from_secs(60);
const ASK_TIMEOUT: Duration = Duration::from_secs(10);

/// Completes a session
///
/// For its holder, which names its fence; for others while nobody holds it.
#[utoipa::path(post, path = "/v1/sessions/{name}/complete", tag = "lifecycle", request_body = Option<Complete>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held"),
        ("If-Match" = Option<String>, Header, description = "The revision that the session must have")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn complete(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(end): Optional<Complete>,
) -> Answer<SessionAnswer> {
    let message = given::reason(end.message.as_deref(), "completed")?;
    let listed = named(&served, &caller, &name).await?;
    let step = Step::Complete { message, usage: end.usage.map(sessions::usage).unwrap_or_default() };
    sessions::driven(&engine, (&caller, guards), listed, step).await
}

/// Fails a session
#[utoipa::path(post, path = "/v1/sessions/{name}/fail", tag = "lifecycle", request_body = Fail,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held"),
        ("If-Match" = Option<String>, Header, description = "The revision that the session must have")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn fail(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(end): Json<Fail>,
) -> Answer<SessionAnswer> {
    let error = given::reason(Some(&end.error), "")?;
    let listed = named(&served, &caller, &name).await?;
    let step = Step::Fail { error, usage: end.usage.map(sessions::usage).unwrap_or_default() };
    sessions::driven(&engine, (&caller, guards), listed, step).await
}

/// Pauses a session
///
/// Done at once for its holder, which names its fence, and where nobody holds it. Otherwise the holder is asked, and the
/// answer comes when it has done it, or has not in time.
#[utoipa::path(post, path = "/v1/sessions/{name}/pause", tag = "lifecycle", request_body = Option<Ask>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn pause(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(ask): Optional<Ask>,
) -> Answer<SessionAnswer> {
    let step = Step::Pause { reason: given::reason(ask.reason.as_deref(), "session paused")? };
    let listed = named(&served, &caller, &name).await?;
    moved(&engine, (&caller, guards, &ask), listed, (Request::Pause, step)).await
}

/// Resumes a session
///
/// As `pause`.
#[utoipa::path(post, path = "/v1/sessions/{name}/resume", tag = "lifecycle", request_body = Option<Ask>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn resume(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(ask): Optional<Ask>,
) -> Answer<SessionAnswer> {
    let step = Step::Resume { reason: given::reason(ask.reason.as_deref(), "session resumed")? };
    let listed = named(&served, &caller, &name).await?;
    moved(&engine, (&caller, guards, &ask), listed, (Request::Resume, step)).await
}

/// Asks a session's holder to stop
///
/// So that its work can go on later. The answer comes when it has, or has not in time.
#[utoipa::path(post, path = "/v1/sessions/{name}/stop", tag = "lifecycle", request_body = Option<Ask>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn stop(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Optional(ask): Optional<Ask>,
) -> Answer<SessionAnswer> {
    let listed = named(&served, &caller, &name).await?;
    match engine.ask_to_stop(&listed).await? {
        Some(asking) => done(&engine, listed, &asking, timeout(&ask)).await,
        None => shown(&engine, &listed).await,
    }
}

/// Asks a session's owner to pause, to go on or to stop, and does not wait for it
///
/// The answer says where the request is in the log. Whether it is done, the log tells, or the session.
#[utoipa::path(post, path = "/v1/sessions/{name}/requests", tag = "lifecycle", request_body = AskOwner,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 202, description = "It is durable", body = OwnerAsked),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn ask(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Json(wish): Json<AskOwner>,
) -> Answer<(StatusCode, Answered<OwnerAsked>)> {
    let listed = named(&served, &caller, &name).await?;
    let asking = match Request::from(wish.request) {
        Request::Stop => engine.ask_to_stop(&listed).await?,
        request @ (Request::Pause | Request::Resume) => Some(engine.ask(&listed, request).await?),
    };
    let seq = asking.map(|asking| asking.seq.0);
    Ok((StatusCode::ACCEPTED, Answered(OwnerAsked { seq })))
}

async fn moved(
    engine: &Engine,
    (caller, guards, ask): (&Caller, Guards, &Ask),
    listed: Listed,
    (request, step): (Request, Step),
) -> Answer<SessionAnswer> {
    if listed.session.kind.rules().has_lifecycle && !is_anothers(&listed.session, guards.fence) {
        return sessions::driven(engine, (caller, guards), listed, step).await;
    }
    let asking = engine.ask(&listed, request).await?;
    done(engine, listed, &asking, timeout(ask)).await
}

fn timeout(ask: &Ask) -> Duration {
    ask.timeout_ms.map_or(ASK_TIMEOUT, Duration::from_millis).min(ASK_TIMEOUT_MAX)
}

/// Waits until what was asked is done.
async fn done(engine: &Engine, listed: Listed, asking: &Asking, timeout: Duration) -> Answer<SessionAnswer> {
    let Ok(session) = tokio::time::timeout(timeout, asking.done()).await else {
        return Err(unanswered(asking.request));
    };
    shown(engine, &Listed { session: session?, ..listed }).await
}

fn unanswered(request: Request) -> Failure {
    let statement = format!("the holder was asked to {}, and has not done it in time", request.name());
    tenure_words::Problem::missing("NOT_ANSWERED", statement)
        .detail("the request stays in the log; the holder may still do it")
        .into()
}

/// Cancels a session, whoever holds it
///
/// An orchestration is told, and may tidy up; with `now` it is ended at once.
#[utoipa::path(post, path = "/v1/sessions/{name}/cancel", tag = "lifecycle", request_body = Option<End>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("If-Match" = Option<String>, Header, description = "The revision that the session must have")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn cancel(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(end): Optional<End>,
) -> Answer<SessionAnswer> {
    let (reason, by) = (given::reason(end.reason.as_deref(), "cancelled")?, caller.actor());
    let listed = named(&served, &caller, &name).await?;
    if listed.session.kind == Kind::Workflow && !end.now && !listed.session.is_terminal() {
        engine.ask_to_end(&listed.session, reason, by).await?;
        return shown(&engine, &listed).await;
    }
    let command = Command::Cancel { by, reason };
    let done = engine.apply_under(&Target::Session(listed.handle), &command, guards.under()).await;
    applied(&engine, listed, guards.judged(done)?).await
}

/// Keeps everything of a session, also once it has ended
#[utoipa::path(post, path = "/v1/sessions/{name}/retention", tag = "lifecycle", request_body = Reason,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn retain(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Json(why): Json<Reason>,
) -> Answer<SessionAnswer> {
    let reason = why.reason.ok_or_else(|| Failure::usage("say why it is to be kept: `reason`"))?;
    let command = Command::Retain { by: caller.actor(), reason: given::reason(Some(&reason), "")? };
    let listed = named(&served, &caller, &name).await?;
    let done = engine.apply(&Target::Session(listed.handle), &command).await?;
    applied(&engine, listed, done).await
}

/// Leaves a session to policies again
#[utoipa::path(delete, path = "/v1/sessions/{name}/retention", tag = "lifecycle",
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn end_retention(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<SessionAnswer> {
    let engine = &served.setup.engine;
    let listed = named(&served, &caller, &name).await?;
    let command = Command::EndRetention { by: caller.actor() };
    let done = engine.apply(&Target::Session(listed.handle), &command).await?;
    applied(engine, listed, done).await
}
