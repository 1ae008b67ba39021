//! Bodies of requests: JSON, up to a limit.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use tenure_words::{Problem, lines};

use crate::answer::{Answer, Failure};
use crate::setup::Served;

/// A body that must be there.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A body that may be missing: then it is as `T` is by default.
#[derive(Debug)]
pub(crate) struct Optional<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        Ok(Self(parse(&headers, &bytes)?))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Optional<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await.map_err(unread)?;
        Ok(Self(if bytes.is_empty() { T::default() } else { parse(&headers, &bytes)? }))
    }
}

/// Refuses a body that says of itself that it is too large, before any of it is read.
pub(crate) async fn bounded(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok()).unwrap_or(0);
    if length <= served.setup.limits.body_bytes as u64 {
        return next.run(request).await;
    }
    let mut response = too_large().into_response();
    // What is still to come of it is not waited for.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A body that is larger than this server takes.
pub(crate) fn too_large() -> Failure {
    Problem::refused("TOO_LARGE", "the body is larger than this server takes")
        .hint("send less at a time")
        .into()
}

fn unread(rejection: BytesRejection) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Failure::usage("the body could not be read to its end, or not in time"),
    }
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Answer<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !(kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")) {
        let problem = Problem::refused("UNSUPPORTED_MEDIA_TYPE", "the body is not said to be JSON");
        return Err(problem.hint("Content-Type: application/json").into());
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let why = lines(&error.to_string());
        if error.is_data() {
            Problem::refused("INVALID", "the body is JSON, and not what this request takes").details(why)
        } else {
            Problem::usage("the body is not JSON").details(why)
        }
        .hint("the description of every request is at /openapi.json")
        .into()
    })
}
