//! Saved values: listed, made, read, brought back, removed; and sessions that go on from them.

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenure_api::requests::{CreateCheckpoint, Fork, PruneCheckpoints, RestoreCheckpoint};
use tenure_api::{Checkpoint, Forked, ListedCheckpoint, Page, Problem, Removed, SavedCheckpoint, cursor};
use tenure_core::id::{CheckpointId, Fence, Seq, SessionId};
use tenure_core::limits;
use tenure_core::session::Writer;
use tenure_engine::{Engine, ForkAt, ForkWish, Prune, Save};
use tenure_store::{Handle, ListedCheckpoint as Stored};
use tenure_words::documents;

use super::{Asked, Here, SessionAnswer, Write, applied, named};
use crate::answer::{Answer, Failure};
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::query::Query;

/// Lists a session's checkpoints, newest first
#[utoipa::path(get, path = "/v1/sessions/{name}/checkpoints", tag = "checkpoints", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended")),
    responses((status = 200, body = Page<ListedCheckpoint>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<Page<ListedCheckpoint>>> {
    let limit = query.number("limit", (1, limits::LIST_MAX as u64))?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let before = query.one("cursor")?.map(|text| before(&text)).transpose()?;
    query.end()?;
    let listed = named(&served, &caller, &name).await?;
    let found = served.setup.engine.checkpoints(listed.handle, before, limit).await?;
    let is_full = found.len() == limit;
    let last = found.last().map(seq).filter(|_| is_full);
    let next_cursor = last.and_then(|seq| i64::try_from(seq.0).ok()).map(|seq| cursor::encode(seq, false));
    Ok(Answered(Page { data: found.iter().map(documents::checkpoint).collect(), next_cursor }))
}

fn before(text: &str) -> Answer<Seq> {
    let seq = cursor::decode(text, false).and_then(|seq| u64::try_from(seq).ok());
    seq.map(Seq).ok_or_else(|| Failure::usage("that cursor was not given out for this list"))
}

const fn seq(listed: &Stored) -> Seq {
    match listed {
        Stored::Readable(checkpoint) => checkpoint.seq,
        Stored::Damaged { seq, .. } => *seq,
    }
}

/// Saves a session
///
/// For its holder, which names its fence; for others while nobody holds it.
#[utoipa::path(post, path = "/v1/sessions/{name}/checkpoints", tag = "checkpoints", request_body = Option<CreateCheckpoint>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 201, body = SavedCheckpoint),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(wish): Optional<CreateCheckpoint>,
) -> Answer<(StatusCode, Answered<SavedCheckpoint>)> {
    let payload = wish.payload_base64.map(|text| STANDARD.decode(text)).transpose();
    let payload = payload.map_err(|_wrong| Failure::usage("`payload_base64` is not base64"))?;
    let reason = wish.reason.as_deref().map(|text| given::reason(Some(text), "")).transpose()?;
    let metadata = wish.metadata.map(|value| value.to_string());
    let listed = named(&served, &caller, &name).await?;
    let save = Save { fence: guards.fence, reason, metadata, payload };
    let checkpoint = engine.save(listed.handle, save).await?;
    let removed = match wish.keep {
        Some(keep) => remove(&engine, (listed.handle, guards.fence), (keep, &checkpoint.id)).await,
        None => 0,
    };
    let checkpoint = Checkpoint::of(&checkpoint);
    Ok((StatusCode::CREATED, Answered(SavedCheckpoint { checkpoint, removed })))
}

/// Removes what is older than those that are kept, and says how many. What was saved is saved, whether or not that can be
/// done.
async fn remove(
    engine: &Engine,
    (handle, fence): (Handle, Option<Fence>),
    (keep, saved): (u32, &CheckpointId),
) -> u64 {
    let keep = usize::try_from(keep.max(1)).unwrap_or(usize::MAX);
    let prune = Prune { keep, fence, dry_run: false, known_valid: Some(saved.clone()) };
    match engine.prune(handle, &prune).await {
        Ok(pruned) => pruned.removed.len() as u64,
        Err(error) => {
            tracing::warn!(%error, "older checkpoints were not removed");
            0
        }
    }
}

fn id(text: &str) -> Answer<CheckpointId> {
    CheckpointId::parse(text).map_err(given::name("checkpoint id"))
}

/// Shows a checkpoint
#[utoipa::path(get, path = "/v1/sessions/{name}/checkpoints/{checkpoint}", tag = "checkpoints",
    security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("checkpoint" = String, Path, description = "The checkpoint's id")),
    responses((status = 200, body = ListedCheckpoint),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(
    State(served): Here,
    caller: Caller,
    Path((name, checkpoint)): Path<(String, String)>,
) -> Answer<Answered<ListedCheckpoint>> {
    let listed = named(&served, &caller, &name).await?;
    let found = served.setup.engine.checkpoint(listed.handle, Some(&id(&checkpoint)?)).await?;
    Ok(Answered(documents::checkpoint(&found)))
}

/// Reads what a checkpoint saved, as it was saved
#[utoipa::path(get, path = "/v1/sessions/{name}/checkpoints/{checkpoint}/payload", tag = "checkpoints",
    security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("checkpoint" = String, Path, description = "The checkpoint's id, or `latest` for the newest that is intact")),
    responses((status = 200, description = "Its bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn payload(
    State(served): Here,
    caller: Caller,
    Path((name, checkpoint)): Path<(String, String)>,
) -> Answer<Response> {
    let id = if checkpoint == "latest" { None } else { Some(id(&checkpoint)?) };
    let listed = named(&served, &caller, &name).await?;
    let read = served.setup.engine.read_checkpoint(listed.handle, id.as_ref()).await?;
    let mut response = read.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // It is the caller's, and no page of this server's.
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(read.checkpoint.id.as_str()) {
        headers.insert(HeaderName::from_static("tenure-checkpoint"), id);
    }
    Ok(response)
}

/// Brings a checkpoint back
#[utoipa::path(post, path = "/v1/sessions/{name}/restore", tag = "checkpoints", request_body = Option<RestoreCheckpoint>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn restore(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(wish): Optional<RestoreCheckpoint>,
) -> Answer<SessionAnswer> {
    let id = wish.checkpoint.as_deref().map(id).transpose()?;
    let listed = named(&served, &caller, &name).await?;
    let read = engine.read_checkpoint(listed.handle, id.as_ref()).await?;
    let writer = guards.fence.map_or_else(|| Writer::Operator(caller.actor()), Writer::Owner);
    let done = engine.restore(listed.handle, &read, writer).await?;
    applied(&engine, listed, done).await
}

/// Removes all but the newest checkpoints of a session
#[utoipa::path(post, path = "/v1/sessions/{name}/checkpoints/prune", tag = "checkpoints",
    request_body = PruneCheckpoints, security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = Removed),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn prune(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(wish): Json<PruneCheckpoints>,
) -> Answer<Answered<Removed>> {
    let listed = named(&served, &caller, &name).await?;
    let keep = usize::try_from(wish.keep).unwrap_or(usize::MAX);
    let prune = Prune { keep, fence: guards.fence, dry_run: wish.dry_run, known_valid: None };
    let pruned = engine.prune(listed.handle, &prune).await?;
    let ids = pruned.removed.iter().map(|removed| match removed {
        Stored::Readable(checkpoint) => checkpoint.id.as_str().to_owned(),
        Stored::Damaged { id, .. } => id.as_str().to_owned(),
    });
    let checkpoints: Vec<_> = ids.collect();
    Ok(Answered(Removed { removed: checkpoints.len() as u64, checkpoints }))
}

/// Goes on from an earlier point in a new session
#[utoipa::path(post, path = "/v1/sessions/{name}/fork", tag = "checkpoints", request_body = Option<Fork>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 201, body = Forked),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn fork(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Optional(wish): Optional<Fork>,
) -> Answer<(StatusCode, Answered<Forked>)> {
    let at = match (wish.at_seq, &wish.checkpoint) {
        (Some(_), Some(_)) => return Err(Failure::usage("either `at_seq` or `checkpoint`, not both")),
        (Some(seq), None) => ForkAt::Seq(Seq(seq)),
        (None, Some(checkpoint)) => ForkAt::Checkpoint(id(checkpoint)?),
        (None, None) => ForkAt::Head,
    };
    let new = wish.id.as_deref().map(SessionId::parse).transpose().map_err(given::name("session id"))?;
    let listed = named(&served, &caller, &name).await?;
    let forked =
        engine.fork(listed.handle, ForkWish { at, id: new, principal: caller.principal.clone() }).await?;
    let answer = Forked {
        session: forked.session.id.as_str().to_owned(),
        parent: listed.session.id.as_str().to_owned(),
        at_seq: forked.at.0,
    };
    Ok((StatusCode::CREATED, Answered(answer)))
}
