//! Routes: each reads what was sent, asks the engine, and answers with a document.

pub(crate) mod checkpoints;
pub(crate) mod commands;
pub(crate) mod events;
pub(crate) mod files;
pub(crate) mod groups;
pub(crate) mod health;
pub(crate) mod lease;
pub(crate) mod lifecycle;
pub(crate) mod namespaces;
pub(crate) mod orchestrations;
pub(crate) mod pins;
pub(crate) mod sessions;
pub(crate) mod show;
pub(crate) mod statistics;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod workers;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenure_core::refusal::Refusal;
use tenure_core::time::Moment;
use tenure_engine::{Applied, Engine};
use tenure_store::Listed;
use tenure_words::documents;

use crate::answer::{Answer, Failure};
use crate::audit::About;
use crate::caller::Caller;
use crate::headers::Guards;
use crate::setup::Served;

pub(crate) use crate::named::session as named;
pub(crate) use crate::once::Asked;

/// A write that is asked for: by whom, what carries it out, and what guards it.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) caller: Caller,
    pub(crate) engine: Asked,
    pub(crate) guards: Guards,
}

impl FromRequestParts<Arc<Served>> for Write {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Answer<Self> {
        Ok(Self {
            caller: Caller::from_request_parts(parts, served).await?,
            engine: Asked::from_request_parts(parts, served).await?,
            guards: Guards::from_request_parts(parts, served).await?,
        })
    }
}

/// What a handler can reach.
pub(crate) type Here = axum::extract::State<Arc<Served>>;

/// A session as it is answered: its document, and its revision as the entity's tag.
#[derive(Debug)]
pub(crate) struct SessionAnswer {
    status: StatusCode,
    document: tenure_api::Session,
}

impl IntoResponse for SessionAnswer {
    fn into_response(self) -> Response {
        let (tag, id) = (tag(self.document.revision), self.document.id.clone());
        let mut response = (self.status, axum::Json(self.document)).into_response();
        response.headers_mut().insert(header::ETAG, tag);
        response.extensions_mut().insert(About::Session(id));
        response
    }
}

/// A revision as an entity's tag.
fn tag(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).expect("a number in quotes is a header's value")
}

/// A session as it is now.
pub(crate) async fn shown(engine: &Engine, listed: &Listed) -> Answer<SessionAnswer> {
    let document = document(engine, listed).await?;
    Ok(SessionAnswer { status: StatusCode::OK, document })
}

/// A session that was just opened, or was there.
pub(crate) async fn opened(engine: &Engine, listed: &Listed, is_new: bool) -> Answer<SessionAnswer> {
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(SessionAnswer { status, document: document(engine, listed).await? })
}

pub(crate) async fn document(engine: &Engine, listed: &Listed) -> Answer<tenure_api::Session> {
    let now = engine.store().now().await?;
    Ok(at(engine, listed, &now))
}

/// The documents of sessions that were read together.
pub(crate) async fn all<'l>(
    engine: &Engine,
    listed: impl Iterator<Item = &'l Listed>,
) -> Answer<Vec<tenure_api::Session>> {
    let now = engine.store().now().await?;
    Ok(listed.map(|listed| at(engine, listed, &now)).collect())
}

fn at(engine: &Engine, listed: &Listed, now: &Moment) -> tenure_api::Session {
    let is_gone = listed.session.lease.as_ref().is_some_and(|lease| engine.is_gone(lease));
    documents::session(listed, is_gone, now).with_recipe(&listed.session)
}

/// What a command left of the session that it was for.
pub(crate) async fn applied(engine: &Engine, listed: Listed, applied: Applied) -> Answer<SessionAnswer> {
    let Applied { before, session, committed, .. } = applied;
    let session = session.or(before).ok_or_else(|| Failure::refused(Refusal::NotFound))?;
    let head = committed.map_or(listed.head, |committed| committed.head.max(listed.head));
    shown(engine, &Listed { session, head, ..listed }).await
}
