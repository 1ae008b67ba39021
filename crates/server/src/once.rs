//! Requests that carry an `Idempotency-Key`: done once, however often they are asked.
//!
//! What is named while such a request is carried out is named by its seed, which the store keeps. So one that the
//! server's death cut short is carried out again and finds what had happened, instead of doing it twice. The same holds for
//! one whose answer could not be kept, because the store had no room for it for example.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tenure_core::answer::Asking;
use tenure_core::id::{CheckpointId, EventId, IdempotencyKey, SessionId};
use tenure_core::limits::ANSWER_BYTES_MAX;
use tenure_core::time::WallTime;
use tenure_engine::{Engine, Ids};
use tenure_store::payload::Hex;
use tenure_store::{AnswerKey, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, KeptAnswer};
use tenure_words::Problem;

use crate::answer::{Answer, Failure};
use crate::body::too_large;
use crate::caller::Caller;
use crate::given;
use crate::headers::text;
use crate::setup::Served;
use crate::spawn::spawn;

/// The engine that carries a request out: it names things by the request's seed, if that has one.
#[derive(Debug)]
pub(crate) struct Asked {
    engine: Engine,
    seed: Option<Seed>,
}

/// What a request's names are made of: the instant of its first try, and randomness.
#[derive(Debug, Clone, Copy)]
struct Seed([u8; 16]);

impl Deref for Asked {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Asked {
    /// The name of an event that the caller gave none; only where the request may be carried out again.
    pub(crate) fn event_id(&self, at: usize) -> Option<EventId> {
        EventId::parse(&format!("{}.{at}", Hex(&self.seed?.0))).ok()
    }
}

impl FromRequestParts<Arc<Served>> for Asked {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Answer<Self> {
        let seed = parts.extensions.get::<Seed>().copied();
        let plain = &served.setup.engine;
        let engine = seed.map_or_else(|| plain.clone(), |seed| plain.naming_by(Arc::new(Seeded::new(seed))));
        Ok(Self { engine, seed })
    }
}

/// Names that follow from a seed, in the order in which they are asked for.
#[derive(Debug)]
struct Seeded {
    seed: Seed,
    drawn: AtomicU64,
}

impl Seeded {
    const fn new(seed: Seed) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }

    /// When the request was first tried.
    fn at(&self) -> WallTime {
        let mut ms = [0; 8];
        ms[2..].copy_from_slice(&self.seed.0[..6]);
        WallTime::from_epoch_ms(u64::from_be_bytes(ms))
    }
}

/// A seed of now.
fn seed(ids: &dyn Ids, now: Option<WallTime>) -> Seed {
    let mut seed = ids.random();
    let ms = now.map_or(0, WallTime::epoch_ms).to_be_bytes();
    seed[..6].copy_from_slice(&ms[2..]);
    Seed(seed)
}

impl Ids for Seeded {
    fn random(&self) -> [u8; 16] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new().chain_update(self.seed.0).chain_update(drawn.to_be_bytes()).finalize();
        let mut random = [0; 16];
        random.copy_from_slice(&digest[..16]);
        random
    }

    fn session_id(&self, _: Option<WallTime>) -> SessionId {
        Named(self).session_id(Some(self.at()))
    }

    fn checkpoint_id(&self, _: Option<WallTime>) -> CheckpointId {
        Named(self).checkpoint_id(Some(self.at()))
    }
}

/// That an answer was given before: nothing was done for it now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replayed;

/// The same names, at the instant that is given.
#[derive(Debug)]
struct Named<'a>(&'a Seeded);

impl Ids for Named<'_> {
    fn random(&self) -> [u8; 16] {
        self.0.random()
    }
}

/// Carries a request out, unless it was before: then its first answer is given again.
pub(crate) async fn answer(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let key = match key(&request) {
        Ok(Some(key)) => key,
        Ok(None) => return next.run(request).await,
        Err(failure) => return failure.into_response(),
    };
    // It is finished although whoever asked may have gone: its answer is kept.
    match spawn(async move { once(&served, key, request, next).await }).await {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => failure.into_response(),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

fn key(request: &Request) -> Answer<Option<IdempotencyKey>> {
    if request.method() != Method::POST || tells_a_secret(request) {
        return Ok(None);
    }
    let key = text(request.headers(), "idempotency-key")?;
    key.map(IdempotencyKey::parse).transpose().map_err(given::name("idempotency key"))
}

/// Whether the answer has a secret, which is kept nowhere.
fn tells_a_secret(request: &Request) -> bool {
    request.uri().path().starts_with("/v1/tokens")
}

async fn once(served: &Served, key: IdempotencyKey, request: Request, next: Next) -> Answer<Response> {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return Ok(next.run(request).await);
    };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, served.setup.limits.body_bytes).await.map_err(|_unread| too_large())?;
    let (store, ids) = (served.setup.engine.store(), served.setup.engine.ids());
    let key = AnswerKey { namespace: caller.namespace, principal: caller.principal, key };
    let fresh = seed(ids.as_ref(), store.now().await?.wall);
    let mut attempt = served.left.attempt(&key, fresh);
    let asking = Asking { asked: asked(&parts, &body), by: served.setup.incarnation, seed: attempt.seed.0 };
    match store.begin_answer(BeginAnswer { key: key.clone(), asking }).await? {
        BeginOutcome::Begun { seed } | BeginOutcome::Resumed { seed } => attempt.begins(Seed(seed)),
        BeginOutcome::UnderWay => return Err(under_way()),
        BeginOutcome::Other => return Err(key_reused()),
        BeginOutcome::Answered(kept) => {
            attempt.ends();
            return Ok(again(kept));
        }
    }
    let mut request = Request::from_parts(parts, Body::from(body));
    request.extensions_mut().insert(attempt.seed);
    let response = next.run(request).await;
    let response = keep(served, (key, attempt.seed), response).await?;
    attempt.ends();
    Ok(response)
}

/// Most requests that are remembered as left without an answer.
const LEFT_MAX: usize = 10_000;

/// Requests that were begun and left without an answer that is kept, by this server: they are not under way, though the
/// store says so. Their seeds are those of whoever asks again.
#[derive(Debug, Default)]
pub(crate) struct Left(Mutex<HashMap<AnswerKey, Seed>>);

/// An attempt at a request. If it is let go of before its end, the request is left to whoever asks again.
#[derive(Debug)]
struct Attempt<'s> {
    left: &'s Left,
    key: AnswerKey,
    seed: Seed,
    /// Whether the store says that it is under way.
    is_begun: bool,
}

impl Left {
    fn all(&self) -> MutexGuard<'_, HashMap<AnswerKey, Seed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with the one that was left, or makes a beginning. Nobody else goes on with it meanwhile.
    fn attempt(&self, key: &AnswerKey, fresh: Seed) -> Attempt<'_> {
        let left = self.all().remove(key);
        Attempt { left: self, key: key.clone(), seed: left.unwrap_or(fresh), is_begun: left.is_some() }
    }
}

impl Attempt<'_> {
    const fn begins(&mut self, seed: Seed) {
        (self.seed, self.is_begun) = (seed, true);
    }

    const fn ends(&mut self) {
        self.is_begun = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut all = self.left.all();
        if self.is_begun && all.len() < LEFT_MAX {
            all.insert(self.key.clone(), self.seed);
        }
    }
}

/// What tells this request from every other.
fn asked(parts: &Parts, body: &Bytes) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(parts.method.as_str().as_bytes());
    part(parts.uri.path_and_query().map_or("", |path| path.as_str()).as_bytes());
    for name in ["fence", "if-match"] {
        part(parts.headers.get(name).map_or(&[], HeaderValue::as_bytes));
    }
    part(body);
    hash.finalize().into()
}

/// Keeps the answer, unless it says that nothing was done and that another try may do it.
async fn keep(served: &Served, (key, Seed(seed)): (AnswerKey, Seed), response: Response) -> Answer<Response> {
    let store = served.setup.engine.store();
    let (parts, body) = response.into_parts();
    let is_passing = parts.status.is_server_error()
        || matches!(parts.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::UNAUTHORIZED);
    let Ok(body) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        store.drop_answer(key, seed).await?;
        return Err(Problem::failure("FAILED", "keep an answer of that size").into());
    };
    if is_passing {
        store.drop_answer(key, seed).await?;
    } else {
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let content_type = kind.unwrap_or("application/json").to_owned();
        let answer = KeptAnswer { status: parts.status.as_u16(), content_type, body: body.to_vec() };
        match store.end_answer(EndAnswer { key: key.clone(), seed, answer }).await? {
            EndOutcome::Kept | EndOutcome::NotBegun => {}
            EndOutcome::TooLong => store.drop_answer(key, seed).await?,
        }
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    if let Ok(kind) = HeaderValue::from_str(&kept.content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response.extensions_mut().insert(Replayed);
    response
}

fn under_way() -> Failure {
    Problem::refused("UNDER_WAY", "a request with that idempotency key is under way")
        .hint("ask again soon")
        .into()
}

fn key_reused() -> Failure {
    Problem::refused("KEY_REUSED", "that idempotency key was used for another request")
        .hint("give each request a key of its own, and repeat it with the same body only")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_out_again_is_named_as_before() {
        let names = |seed| {
            let ids = Seeded::new(seed);
            (ids.session_id(None), ids.commit_id(), ids.session_id(Some(WallTime::from_epoch_ms(5))))
        };
        let seed = seed(&tenure_engine::SystemIds, Some(WallTime::from_epoch_ms(1_700_000_000_123)));
        assert_eq!(names(seed), names(seed));
        let (first, _, second) = names(seed);
        assert_ne!(first, second);
        assert!(first.as_str().starts_with("ses_01HF7YAT3V"), "{first}: of the first try's instant");
    }
}
