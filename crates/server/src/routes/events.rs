//! A session's log: read, followed, appended to, shortened.

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use tenure_api::requests::{AppendEvents, Compact, EventDraft as Given, SendMessages};
use tenure_api::{Appended, Earliest, Events, Frame, Problem};
use tenure_core::event::{EventBody, EventDraft, is_reserved};
use tenure_core::id::{EventId, EventType, Fence, Seq};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_engine::{Engine, EngineError};
use tenure_store::{AppendOutcome, AppendRequest, Listed, ReadOutcome, ReadRequest};

use super::sessions::{self, FilterParams};
use super::{Asked, Here, Write, named};
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::given;
use crate::headers::text;
use crate::live;
use crate::live::across::Wanted;
use crate::query::Query;
use crate::setup::Served;

/// Reads or follows a session's log
///
/// A page of JSON; with `Accept: text/event-stream`, a stream: first a `snapshot` of the session, then each event with
/// its position as `id`, and `end` once the session has ended. It goes on after `Last-Event-ID`, or `after`.
#[utoipa::path(get, path = "/v1/sessions/{name}/events", tag = "events", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("after" = Option<u64>, Query, description = "Only events after this position"),
        ("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000; not for streams", minimum = 1, maximum = 1000),
        ("type" = Option<Vec<String>>, Query, description = "Only events of this type; may be repeated"),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last position that a stream had")),
    responses((status = 200, description = "Events", content((Events = "application/json"),
            (Frame = "text/event-stream"))),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn read(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    mut query: Query,
) -> Answer<Response> {
    let after = query.number("after", (0, i64::MAX as u64))?.map(Seq);
    let limit = query.number("limit", (1, limits::EVENTS_PER_READ_MAX as u64))?;
    let types = query.all("type");
    query.end()?;
    let listed = named(&served, &caller, &name).await?;
    if wants_stream(&headers) {
        let resumed = text(&headers, "last-event-id")?.filter(|id| !id.is_empty());
        let resumed = resumed.map(position).transpose()?;
        return live::session(&served, listed, (resumed.or(after), types)).await;
    }
    let limit = usize::try_from(limit.unwrap_or(100)).unwrap_or(usize::MAX);
    let request = ReadRequest { handle: listed.handle, after: after.unwrap_or_default(), limit, types };
    Ok(Answered(page(&served.setup.engine, &listed, request).await?).into_response())
}

/// Follows all sessions at once
///
/// A stream: `snapshot`s, which are pages of the open sessions, then `live`, then each event of every session that the
/// query lets through, as the session is right after it. Each `id` is a cursor for `Last-Event-ID`: going on from there
/// misses nothing, or is refused with 410. A reader that is too slow is told `lost`. `compacted` names a log whose
/// events were dropped before they could be told. Labels are asked for as `label.<name>=<value>`.
#[utoipa::path(get, path = "/v1/events", tag = "events", security(("token" = ["observer"])),
    params(FilterParams,
        ("type" = Option<Vec<String>>, Query, description = "Only events of this type; may be repeated"),
        ("Last-Event-ID" = Option<String>, Header, description = "The last cursor that a stream had")),
    responses((status = 200, description = "Events", body = Frame, content_type = "text/event-stream"),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn across(
    State(served): Here,
    caller: Caller,
    headers: HeaderMap,
    mut query: Query,
) -> Answer<Response> {
    let types = query.all("type");
    let filter = sessions::filter(&caller, &mut query)?;
    query.end()?;
    let cursor = text(&headers, "last-event-id")?.filter(|id| !id.is_empty());
    live::across::across(&served, Wanted { caller, filter, types }, cursor).await
}

/// Whether the answer is to be a stream.
pub(crate) fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}

fn position(text: &str) -> Answer<Seq> {
    text.parse().map(Seq).map_err(|_wrong| Failure::usage("`Last-Event-ID` is not a position of this log"))
}

/// A page; from 0 on, it begins where the log does.
async fn page(engine: &Engine, listed: &Listed, mut request: ReadRequest) -> Answer<Events> {
    loop {
        match engine.store().read(request.clone()).await? {
            ReadOutcome::Page(page) => {
                let id = &listed.session.id;
                let data = page.events.iter().map(|event| tenure_api::Event::of(id, event)).collect();
                return Ok(Events { data, read_to: page.read_to.0, head_seq: page.head.0 });
            }
            ReadOutcome::Compacted { earliest } if request.after == Seq(0) => {
                request.after = Seq(earliest.0.saturating_sub(1));
            }
            ReadOutcome::Compacted { earliest } => return Err(EngineError::Compacted { earliest }.into()),
        }
    }
}

/// Appends events of the session's holder
#[utoipa::path(post, path = "/v1/sessions/{name}/events", tag = "events", request_body = AppendEvents,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "Under which the session is held")),
    responses((status = 200, description = "They are durable", body = Appended),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn append(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(wish): Json<AppendEvents>,
) -> Answer<Answered<Appended>> {
    let fence = guards.fence()?;
    let records: Vec<_> = wish.events.iter().map(record).collect();
    let mut events = drafts(&engine, wish.events)?;
    for (event, record) in events.iter_mut().zip(records) {
        if let Some(record) = record {
            event.data = record;
        }
    }
    let listed = named(&served, &caller, &name).await?;
    write((&served, &engine), listed, Some(fence), events).await
}

/// Sends messages to the session's holder
///
/// From anybody who may see the session: it needs no fence, and does not disturb the holder.
#[utoipa::path(post, path = "/v1/sessions/{name}/inbox", tag = "events", request_body = SendMessages,
    security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, description = "They are durable", body = Appended),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn send(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Json(wish): Json<SendMessages>,
) -> Answer<Answered<Appended>> {
    let events = drafts(&engine, wish.events)?;
    let listed = named(&served, &caller, &name).await?;
    write((&served, &engine), listed, None, events).await
}

fn drafts(asked: &Asked, events: Vec<Given>) -> Answer<Vec<EventDraft>> {
    let (count, max) = (events.len(), limits::EVENTS_PER_APPEND_MAX);
    if count > max {
        return Err(LimitRefusal::Count { what: "events", count, max }.into());
    }
    if events.is_empty() {
        return Err(Failure::usage("there is no event to append"));
    }
    events.into_iter().enumerate().map(|(at, event)| draft(asked, (at, event))).collect()
}

fn draft(asked: &Asked, (at, event): (usize, Given)) -> Answer<EventDraft> {
    let kind = EventType::parse(&event.kind).map_err(given::name("event type"))?;
    if is_reserved(&kind) {
        let statement = format!("events of type `{kind}` are written by Tenure only");
        let problem = tenure_words::Problem::refused("RESERVED_TYPE", statement);
        return Err(problem.hint("choose another type, a custom one for example: `x.<name>`").into());
    }
    let json = event.data.to_string();
    let (length, max) = (json.len(), limits::EVENT_BYTES_MAX);
    if length > max {
        return Err(LimitRefusal::Bytes { what: "payload", length, max }.into());
    }
    let id = event.id.as_deref().map(EventId::parse).transpose().map_err(given::name("event id"))?;
    // A request that may be carried out again finds by it what it had appended.
    let id = id.or_else(|| asked.event_id(at));
    Ok(EventDraft { id, data: EventBody::Given { kind, json } })
}

/// The record of a terminal that a holder's event is, if it is one. Nobody else's is.
fn record(event: &Given) -> Option<EventBody> {
    let is_terminal = event.kind == "terminal";
    let draft = is_terminal.then(|| event.clone().read().ok()).flatten()?;
    matches!(draft.data, EventBody::Terminal(_)).then_some(draft.data)
}

async fn write(
    (served, engine): (&Served, &Engine),
    listed: Listed,
    fence: Option<Fence>,
    events: Vec<EventDraft>,
) -> Answer<Answered<Appended>> {
    // An event says when it was; a clock that cannot be used must not date it to 1970.
    if engine.store().now().await?.wall.is_none() {
        return Err(Failure::refused(Refusal::Clock));
    }
    let commit_id = engine.ids().commit_id();
    let request = AppendRequest { commit_id, handle: listed.handle, fence, events, after: listed.head };
    let begun = served.setup.clock.now();
    let outcome = engine.append(request).await?;
    served.counters.appended(served.setup.clock.now().saturating_sub(begun));
    Ok(Answered(match outcome {
        AppendOutcome::Appended { first, last } => {
            Appended { seqs: (first.0..=last.0).collect(), new: last.0 + 1 - first.0 }
        }
        AppendOutcome::Known { seqs, new } => {
            Appended { seqs: seqs.into_iter().map(|seq| seq.0).collect(), new }
        }
        refused => unreachable!("the engine makes an error of {refused:?}"),
    }))
}

/// Drops the beginning of a session's log, for ever
#[utoipa::path(post, path = "/v1/sessions/{name}/compact", tag = "events", request_body = Compact,
    security(("token" = ["admin"])),
    params(("name" = String, Path, description = "An id, or a key")),
    responses((status = 200, body = Earliest),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn compact(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Path(name): Path<String>,
    Json(wish): Json<Compact>,
) -> Answer<Answered<Earliest>> {
    let listed = named(&served, &caller, &name).await?;
    let earliest = engine.compact(listed.handle, Seq(wish.before)).await?;
    Ok(Answered(Earliest { earliest_seq: earliest.0 }))
}
