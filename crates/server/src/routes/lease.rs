//! Holding a session: take the lease, renew it, let it go, take it over.

use axum::extract::{Path, State};
use tenure_api::Problem;
use tenure_api::requests::{Claim, Note, Takeover};
use tenure_core::id::ActorId;
use tenure_core::lease::{Holder, HolderKind, Standing};
use tenure_core::limits;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Claim as Claiming, Claimant, Command, Step};
use tenure_core::workspace::ActivityText;
use tenure_engine::{Engine, EngineError, Target, check_fence};
use tenure_store::Listed;

use super::{Here, SessionAnswer, Write, applied, named, sessions, shown};
use crate::answer::{Answer, Failure};
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::headers::Guards;

/// Takes or renews the lease
///
/// Without the header `Fence`: becomes the holder, if nobody is. With it: the holder renews, or gets back what it was
/// late to renew and nobody took. The state stays: `start` makes the session active as well.
#[utoipa::path(post, path = "/v1/sessions/{name}/lease", tag = "lease", request_body = Option<Claim>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn take(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(claim): Optional<Claim>,
) -> Answer<SessionAnswer> {
    let listed = named(&served, &caller, &name).await?;
    let Some(fence) = guards.fence else {
        let command = Command::Acquire(Box::new(claiming(&engine, &caller, claim)?));
        return claimed(&engine, guards, listed, command).await;
    };
    match engine.renew(listed.handle, fence).await {
        Ok(session) => shown(&engine, &Listed { session, ..listed }).await,
        Err(EngineError::Refused { refusal: Refusal::LeaseOver(_), .. }) => {
            let regrant = Command::Regrant { fence };
            let done = engine.apply(&Target::Session(listed.handle), &regrant).await?;
            applied(&engine, listed, done).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Starts a session
///
/// Becomes the holder of what nobody holds and makes it active; the holder names its fence instead.
#[utoipa::path(post, path = "/v1/sessions/{name}/start", tag = "lease", request_body = Option<Claim>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn start(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Optional(claim): Optional<Claim>,
) -> Answer<SessionAnswer> {
    let listed = named(&served, &caller, &name).await?;
    if guards.fence.is_some() {
        return sessions::driven(&engine, (&caller, guards), listed, Step::Start).await;
    }
    let command = Command::Start(Box::new(claiming(&engine, &caller, claim)?));
    claimed(&engine, guards, listed, command).await
}

/// Becomes the holder, of what is not over.
async fn claimed(engine: &Engine, guards: Guards, listed: Listed, command: Command) -> Answer<SessionAnswer> {
    let target = Target::Session(listed.handle);
    engine.expire_if_over(listed.handle).await?;
    let done = engine.apply_under(&target, &command, guards.under()).await;
    applied(engine, listed, guards.judged(done)?).await
}

fn claiming(engine: &Engine, caller: &Caller, claim: Claim) -> Answer<Claiming> {
    let holder = holder(caller, claim.holder.as_deref())?;
    let ttl = given::ttl(claim.ttl_ms, limits::HAND_TTL_DEFAULT)?;
    let claimant = Claimant { holder, incarnation: engine.ids().incarnation() };
    Ok(Claiming { claimant, ttl, group: None, waits: false })
}

/// Who is to hold it: who the request says, else whose token it is.
fn holder(caller: &Caller, said: Option<&str>) -> Answer<Holder> {
    let id = match said {
        Some(name) => ActorId::parse(name).map_err(given::name("holder"))?,
        None => caller.actor().ok_or_else(|| Failure::usage("say who will hold the session: `holder`"))?,
    };
    Ok(Holder { kind: HolderKind::RuntimeWorker, id, supervisor: None, place: None })
}

/// Says whether a fence is current
///
/// 200 for the holder whose lease is live; otherwise why it is not.
#[utoipa::path(get, path = "/v1/sessions/{name}/lease", tag = "lease", security(("token" = ["observer"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "The fence to check")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn check(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    guards: Guards,
) -> Answer<SessionAnswer> {
    let (fence, engine) = (guards.fence()?, &served.setup.engine);
    let listed = named(&served, &caller, &name).await?;
    let found = engine.store().find(tenure_store::Find::Handle(listed.handle)).await?;
    check_fence(&found.current, fence).map_err(Failure::refused)?;
    let now = engine.store().now().await?;
    match found.current.open().map(|session| session.standing(&now)) {
        None | Some(Ok(Standing::Live)) => shown(engine, &listed).await,
        Some(Ok(Standing::Over)) => Err(tenure_words::Problem::refused(
            "LEASE_OVER",
            format!("the lease under fence {fence} is over: anybody may take the session over"),
        )
        .into()),
        Some(Err(_unusable)) => Err(Failure::refused(Refusal::Clock)),
    }
}

/// Lets the session go
#[utoipa::path(delete, path = "/v1/sessions/{name}/lease", tag = "lease", security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn release(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    guards: Guards,
) -> Answer<SessionAnswer> {
    guards.fence()?;
    let listed = named(&served, &caller, &name).await?;
    sessions::driven(&served.setup.engine, (&caller, guards), listed, Step::Release).await
}

/// Takes an abandoned session over
///
/// Only once its lease is over, or its holder's process is proven to be gone.
#[utoipa::path(post, path = "/v1/sessions/{name}/takeover", tag = "lease", request_body = Takeover,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = Option<u64>, Header, description = "Under which it was held, as the caller saw it")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn takeover(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
    Json(wish): Json<Takeover>,
) -> Answer<SessionAnswer> {
    let reason = given::reason(Some(&wish.reason), "")?;
    let holder = holder(&caller, Some(&wish.holder))?;
    let ttl = wish.ttl_ms.map(|ms| given::ttl(Some(ms), limits::HAND_TTL_DEFAULT)).transpose()?;
    let listed = named(&served, &caller, &name).await?;
    served.setup.alive.ensure_gone(listed.handle).await?;
    let claimant = Claimant { holder, incarnation: engine.ids().incarnation() };
    let command = Command::Takeover { claimant, ttl, reason };
    let done = engine.apply_under(&Target::Session(listed.handle), &command, guards.under()).await;
    applied(&engine, listed, guards.judged(done)?).await
}

/// Says what the holder does
///
/// Being heard from is activity enough: the body is not needed. The lease is renewed as well.
#[utoipa::path(post, path = "/v1/sessions/{name}/heartbeat", tag = "lease", request_body = Option<Note>,
    security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn heartbeat(
    State(served): Here,
    caller: Caller,
    Path(name): Path<String>,
    guards: Guards,
    Optional(note): Optional<Note>,
) -> Answer<SessionAnswer> {
    let (fence, engine) = (guards.fence()?, &served.setup.engine);
    let activity = note.activity.as_deref().map(ActivityText::parse).transpose()?.flatten();
    let listed = named(&served, &caller, &name).await?;
    let command = Command::Note { fence, activity };
    let done = engine.apply_under(&Target::Session(listed.handle), &command, guards.under()).await;
    let done = guards.judged(done)?;
    let session = engine.renew(listed.handle, fence).await?;
    applied(engine, listed, tenure_engine::Applied { session: Some(session), ..done }).await
}
