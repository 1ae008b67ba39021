//! One session: as it is, as it was, what it takes.

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tenure_api::{Beside, Problem, ReplayedSession, SessionSeen, ShownSession, Weight};
use tenure_core::id::Seq;
use tenure_store::{ChildrenRequest, Listed, PinsRequest};
use tenure_words::documents;

use super::{Here, document, named, tag};
use crate::answer::Answer;
use crate::caller::Caller;
use crate::query::Query;
use crate::setup::Served;

/// Most children that are named.
const CHILDREN_MAX: usize = 100;
/// Most keys that are looked through for who runs what is waited for.
const PINS_MAX: usize = 1000;

/// Shows a session
///
/// `name` is its id; else the key of the open session; else that of the newest one that had it.
///
/// With `at`, it is shown as its log tells that it was right after that event. With `beside=true`, its children are
/// named, and what it waits for if it is an open instance of an orchestration.
#[utoipa::path(get, path = "/v1/sessions/{name}", tag = "sessions", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("at" = Option<u64>, Query, description = "As it was right after the event at this position", minimum = 1, maximum = 9_223_372_036_854_775_807_i64),
        ("beside" = Option<bool>, Query, description = "Whether to tell what is beside it; not with `at`")),
    responses((status = 200, body = SessionSeen),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Response> {
    let at = query.number("at", (1, i64::MAX as u64))?.map(Seq);
    let is_with_beside = query.flag("beside")?;
    query.end()?;
    let listed = named(&served, &caller, &name).await?;
    if let Some(at) = at {
        let then = replayed(&served, &listed, at).await?;
        return Ok(Answered(SessionSeen::Then(Box::new(then))).into_response());
    }
    let session = document(&served.setup.engine, &listed).await?;
    let beside = if is_with_beside { beside(&served, &caller, &listed).await? } else { Beside::default() };
    let tag = tag(session.revision);
    let seen = SessionSeen::Now(Box::new(ShownSession { session, beside }));
    let mut response = Answered(seen).into_response();
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

async fn replayed(served: &Served, listed: &Listed, at: Seq) -> Answer<ReplayedSession> {
    let Listed { handle, session, head, .. } = listed;
    if at > *head {
        return Err(tenure_words::no_event_yet(at, *head).into());
    }
    let replay = served.setup.engine.replay(*handle, session.kind, at).await?;
    Ok(ReplayedSession::of(session, &replay))
}

/// What is beside a session: those of its children that the caller may see, and what it waits for.
pub(crate) async fn beside(served: &Served, caller: &Caller, listed: &Listed) -> Answer<Beside> {
    let engine = &served.setup.engine;
    let children = ChildrenRequest { parent: listed.handle, before: None, limit: CHILDREN_MAX };
    let mut children = engine.store().children(children).await?;
    children.sessions.retain(|child| caller.sees(&child.session));
    let Some(pending) = engine.pending(listed.handle, &listed.session).await? else {
        return Ok(documents::beside(&children, None));
    };
    let namespace = Some(caller.namespace.clone());
    let pins = PinsRequest { namespace, limit: PINS_MAX, ..PinsRequest::default() };
    let pins = engine.store().pins(pins).await?;
    let tasks = engine.store().tasks_of(listed.handle).await?;
    Ok(documents::beside(&children, Some(documents::pending(&pending, &pins, &tasks))))
}

/// Tells what a session takes: what its removal would give back
#[utoipa::path(get, path = "/v1/sessions/{name}/weight", tag = "sessions", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, body = Weight),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn weight(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
) -> Answer<Answered<Weight>> {
    let listed = named(&served, &caller, &name).await?;
    let weight = served.setup.engine.store().weigh(listed.handle).await?;
    Ok(Answered(documents::weight(weight)))
}
