//! Sessions: listed, created, shown, changed, deleted.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json as Answered;
use axum::extract::{Path, State};
use serde_json::{Map, Value};
use tenure_api::requests::{CreateSession, UpdateSession, Used};
use tenure_api::{Page, Problem, cursor};
use tenure_core::access::Role;
use tenure_core::id::{ActorId, GroupName, Key, Principal, SessionId};
use tenure_core::kind::Kind;
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::{
    Command, Create, Drive, Expiry, IdleLimit, Progress, StateName, Step, Update, Usage, Writer,
};
use tenure_engine::{Engine, Target};
use tenure_store::{Filter, Handle, ListRequest, Listed, Order, Period};
use utoipa::IntoParams;

use super::{Here, SessionAnswer, Write, all, applied, named, opened, shown};
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::given;
use crate::headers::Guards;
use crate::query::Query;
use crate::setup::Served;

/// Where a list begins.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the query, which is taken apart by hand because names may be repeated"
)]
pub(crate) struct ListParams {
    /// At most this many: 1 to 1,000; 100 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Where the page before ended: its `next_cursor`.
    cursor: Option<String>,
    /// `newest` or `oldest` first.
    #[param(pattern = "^(newest|oldest)$")]
    order: Option<String>,
}

/// Which sessions.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the query, which is taken apart by hand because names may be repeated"
)]
pub(crate) struct FilterParams {
    /// Only in this state; may be repeated.
    #[param(value_type = Option<Vec<tenure_api::StateWord>>)]
    state: Option<Vec<String>>,
    /// Only of this kind; may be repeated.
    #[param(value_type = Option<Vec<tenure_api::KindWord>>)]
    kind: Option<Vec<String>>,
    /// Only held by this holder.
    holder: Option<String>,
    /// Only with a key that begins like this.
    key: Option<String>,
    /// Only of this group.
    group: Option<String>,
    /// Only in this directory: a path, or the name of its last part.
    worktree: Option<String>,
    /// Only created for the session of this id.
    parent: Option<String>,
    /// Only of this principal; may be repeated.
    principal: Option<Vec<String>>,
    /// Only created then or later.
    #[param(format = DateTime)]
    created_after: Option<String>,
    /// Only created then or earlier.
    #[param(format = DateTime)]
    created_before: Option<String>,
    /// Only first started then or later.
    #[param(format = DateTime)]
    started_after: Option<String>,
    /// Only first started then or earlier.
    #[param(format = DateTime)]
    started_before: Option<String>,
    /// Only where each of these words begins a word of the key, labels, activity, command or metadata; may be repeated.
    search: Option<Vec<String>>,
}

/// Lists sessions
///
/// Labels are asked for as `label.<name>=<value>`; every one must be there.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions", params(ListParams, FilterParams), security(("token" = ["observer"])),
    responses((status = 200, body = Page<tenure_api::Session>), (status = "default", body = Problem,
        content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    mut query: Query,
) -> Answer<Answered<Page<tenure_api::Session>>> {
    let order = order(query.one("order")?.as_deref())?;
    let limit = query.number("limit", (1, tenure_core::limits::LIST_MAX as u64))?.unwrap_or(100);
    let past = query.one("cursor")?;
    let past = past.map(|text| past_of(&text, order)).transpose()?;
    let filter = filter(&caller, &mut query)?;
    query.end()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let request = ListRequest { namespace: caller.namespace.clone(), filter, order, past, limit };
    let engine = &served.setup.engine;
    let page = engine.list(request).await?;
    let data = all(engine, page.sessions.iter()).await?;
    let next_cursor = page.next.map(|next| cursor::encode(next.0, order == Order::Oldest));
    Ok(Answered(Page { data, next_cursor }))
}

fn order(text: Option<&str>) -> Answer<Order> {
    match text {
        None | Some("newest") => Ok(Order::Newest),
        Some("oldest") => Ok(Order::Oldest),
        Some(_) => Err(Failure::usage("`order` is `newest` or `oldest`")),
    }
}

fn past_of(text: &str, order: Order) -> Answer<Handle> {
    let past = cursor::decode(text, order == Order::Oldest).map(Handle);
    past.ok_or_else(|| Failure::usage("that cursor was not given out for this list"))
}

/// What a query lets through; of a caller that is no administrator, its own alone.
pub(crate) fn filter(caller: &Caller, query: &mut Query) -> Answer<Filter> {
    let principals =
        query.all("principal").iter().map(|name| Principal::parse(name)).collect::<Result<_, _>>();
    let mut principals: Vec<Principal> = principals.map_err(given::name("principal"))?;
    let seen = caller.seen_principals();
    if !seen.is_empty() {
        if principals.iter().any(|each| !seen.contains(each)) {
            return Err(tenure_words::Problem::refused(
                "FORBIDDEN",
                "only an administrator sees others' sessions",
            )
            .into());
        }
        principals = seen;
    }
    let period = |from, to| Period { from, to };
    Ok(Filter {
        states: query.all("state").iter().map(|name| state(name)).collect::<Answer<_>>()?,
        kinds: query.all("kind").iter().map(|name| kind(name)).collect::<Answer<_>>()?,
        labels: query.beginning("label."),
        holder: query
            .one("holder")?
            .as_deref()
            .map(ActorId::parse)
            .transpose()
            .map_err(given::name("holder"))?,
        key_prefix: query.one("key")?,
        group: query
            .one("group")?
            .as_deref()
            .map(GroupName::parse)
            .transpose()
            .map_err(given::name("group"))?,
        directory: query.one("worktree")?,
        parent: query
            .one("parent")?
            .as_deref()
            .map(SessionId::parse)
            .transpose()
            .map_err(given::name("parent"))?,
        created: period(query.instant("created_after")?, query.instant("created_before")?),
        started: period(query.instant("started_after")?, query.instant("started_before")?),
        terms: query
            .all("search")
            .iter()
            .flat_map(|words| words.split_whitespace())
            .map(str::to_owned)
            .collect(),
        principals,
    })
}

fn state(name: &str) -> Answer<StateName> {
    let found = StateName::ALL.into_iter().find(|state| state.name() == name);
    found.ok_or_else(|| Failure::usage("`state` is none of those that there are"))
}

fn kind(name: &str) -> Answer<Kind> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| Failure::usage("`kind` is none of those that there are"))
}

/// Creates a session
///
/// It is pending until somebody starts it. The same session, created again under its id, is answered with 200.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = CreateSession,
    security(("token" = ["owner"])),
    responses((status = 201, description = "It was created", body = tenure_api::Session),
        (status = 200, description = "It was there", body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn create(
    State(served): Here,
    caller: Caller,
    engine: super::Asked,
    Json(wish): Json<CreateSession>,
) -> Answer<SessionAnswer> {
    let create = wished(&served, &caller, &engine, wish).await?;
    let done = engine.create(create).await?;
    let is_new = done.committed.is_some();
    let session = done.session.or(done.before).ok_or_else(|| Failure::refused(Refusal::NotFound))?;
    if !caller.sees(&session) {
        return Err(Failure::refused(Refusal::IdInUse(Box::new(Existing::of(&session)))));
    }
    let listed = named(&served, &caller, session.id.as_str()).await?;
    opened(&engine, &listed, is_new).await
}

async fn wished(served: &Served, caller: &Caller, engine: &Engine, wish: CreateSession) -> Answer<Create> {
    let parent = match &wish.parent {
        Some(name) => Some(named(served, caller, name).await?.session.id),
        None => None,
    };
    let id = match &wish.id {
        Some(id) => SessionId::parse(id).map_err(given::name("session id"))?,
        None => engine.ids().session_id(engine.store().now().await?.wall),
    };
    Ok(Create {
        id,
        namespace: caller.namespace.clone(),
        key: wish.key.as_deref().map(Key::parse).transpose().map_err(given::name("key"))?,
        parent,
        group: wish.group.as_deref().map(GroupName::parse).transpose().map_err(given::name("group"))?,
        expiry: expiry(&wish),
        labels: wish.labels,
        metadata: texts(&wish.metadata),
        directory: wish.directory,
        principal: principal(caller, wish.principal.as_deref())?,
    })
}

/// Whose the session is: its creator's, or whose an administrator says.
fn principal(caller: &Caller, wished: Option<&str>) -> Answer<Option<Principal>> {
    let wished = wished.map(Principal::parse).transpose().map_err(given::name("principal"))?;
    match (wished, caller.role) {
        (None, _) => Ok(caller.principal.clone()),
        (wished, Role::Admin) => Ok(wished),
        (wished, _) if wished == caller.principal => Ok(wished),
        _ => Err(tenure_words::Problem::refused(
            "FORBIDDEN",
            "only an administrator creates sessions for others",
        )
        .into()),
    }
}

fn expiry(wish: &CreateSession) -> Expiry {
    let span = |ms: Option<u64>| ms.map(Duration::from_millis);
    let idle = match span(wish.idle_timeout_ms) {
        None => IdleLimit::Kind,
        Some(Duration::ZERO) => IdleLimit::Never,
        Some(length) => IdleLimit::After(length),
    };
    Expiry { idle, pending: span(wish.pending_timeout_ms), absolute: span(wish.expires_in_ms) }
}

/// Each value as compact JSON text.
fn texts(fields: &Map<String, Value>) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

/// Keeps facts with a session
///
/// For its holder, which names its fence; for others while nobody holds it.
#[utoipa::path(patch, path = "/v1/sessions/{name}", tag = "sessions", request_body = UpdateSession,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held"),
        ("If-Match" = Option<String>, Header, description = "The revision that the session must have")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn update(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(wish): Json<UpdateSession>,
) -> Answer<SessionAnswer> {
    let update = Update {
        labels: wish.labels,
        metadata: texts(&wish.metadata),
        progress: wish.progress.map(|progress| Progress { current: progress.current, total: progress.total }),
        timings: wish.timings_ms.into_iter().map(|(name, ms)| (name, Duration::from_millis(ms))).collect(),
        usage: wish.usage.map(usage).unwrap_or_default(),
        error: None,
    };
    let listed = named(&served, &caller, &name).await?;
    driven(&engine, (&caller, guards), listed, Step::Update(Box::new(update))).await
}

/// What was used.
pub(crate) const fn usage(used: Used) -> Usage {
    Usage {
        iterations: used.iterations,
        input_tokens: used.input_tokens,
        output_tokens: used.output_tokens,
        tool_calls: used.tool_calls,
        cost_micros: used.cost_micros,
    }
}

/// One step of a session: by its holder, or by somebody while nobody holds it.
pub(crate) async fn driven(
    engine: &Engine,
    (caller, guards): (&Caller, Guards),
    listed: Listed,
    step: Step,
) -> Answer<SessionAnswer> {
    let writer = guards.fence.map_or_else(|| Writer::Operator(caller.actor()), Writer::Owner);
    let command = Command::Drive(Box::new(Drive { writer, step }));
    let done = engine.apply_under(&Target::Session(listed.handle), &command, guards.under()).await;
    applied(engine, listed, guards.judged(done)?).await
}

/// Deletes a session that has ended
///
/// With `force=true` one that has not is cancelled first.
#[utoipa::path(delete, path = "/v1/sessions/{name}", tag = "sessions", security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("force" = Option<bool>, Query, description = "Whether an open session is cancelled first")),
    responses((status = 200, description = "It is gone; this is what it was", body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn delete(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<SessionAnswer> {
    let is_forced = query.flag("force")?;
    query.end()?;
    let engine = &served.setup.engine;
    let listed = named(&served, &caller, &name).await?;
    let session = engine.end_and_delete(&listed, is_forced, caller.actor()).await?;
    shown(engine, &Listed { session, ..listed }).await
}

/// Lists the sessions that were created for a session
#[utoipa::path(get, path = "/v1/sessions/{name}/children", tag = "sessions", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended")),
    responses((status = 200, body = Page<tenure_api::Session>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn children(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    mut query: Query,
) -> Answer<Answered<Page<tenure_api::Session>>> {
    let limit = query.number("limit", (1, tenure_core::limits::LIST_MAX as u64))?.unwrap_or(100);
    let before = query.one("cursor")?.map(|text| past_of(&text, Order::Newest)).transpose()?;
    query.end()?;
    let engine = &served.setup.engine;
    let parent = named(&served, &caller, &name).await?.handle;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = engine.store().children(tenure_store::ChildrenRequest { parent, before, limit }).await?;
    let seen = page.sessions.iter().filter(|listed| caller.sees(&listed.session));
    let data = all(engine, seen).await?;
    Ok(Answered(Page { data, next_cursor: page.next.map(|next| cursor::encode(next.0, false)) }))
}
