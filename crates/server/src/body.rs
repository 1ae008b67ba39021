//! Bodies of requests: JSON, read up to a limit, and answered clearly when they are not.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use tenure_words::{Problem, lines};

use crate::answer::{Answer, Failure};

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

fn unread(rejection: BytesRejection) -> Failure {
    let problem = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::refused("TOO_LARGE", "the body is larger than this server takes")
                .hint("send less at a time")
        }
        _ => Problem::usage("the body could not be read to its end"),
    };
    problem.into()
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Answer<T> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !(kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")) {
        let problem = Problem::usage("the body is not said to be JSON").hint("Content-Type: application/json");
        return Err(Failure(Problem::refused("UNSUPPORTED_MEDIA_TYPE", problem.primary.clone()).hint(
            problem.hints.join("\n"),
        )));
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
