//! How the server is: free of side effects, and open to everybody but the figures.

use axum::Json as Answered;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tenure_api::{Health, Problem};

use super::Here;
use crate::answer::Answer;
use crate::caller::Caller;
use crate::metrics;

/// Whether the process answers
#[utoipa::path(get, path = "/healthz", tag = "server", security(()),
    responses((status = 200, body = Health)))]
pub(crate) async fn alive() -> Answered<Health> {
    Answered(Health { status: "ok".to_owned() })
}

/// Whether the server can do its work: its store answers, and it is not to stop
#[utoipa::path(get, path = "/readyz", tag = "server", security(()),
    responses((status = 200, body = Health),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn ready(State(served): Here) -> Answer<Answered<Health>> {
    if *served.stopping.borrow() {
        return Err(tenure_words::Problem::refused("BUSY", "the server is stopping").into());
    }
    served.setup.engine.store().namespaces().await?;
    Ok(Answered(Health { status: "ready".to_owned() }))
}

/// Figures, in the text form that Prometheus reads
#[utoipa::path(get, path = "/metrics", tag = "server", security(("token" = ["observer"])),
    responses((status = 200, body = String, content_type = "text/plain"),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn metrics(State(served): Here, caller: Caller) -> Answer<Response> {
    let text = metrics::text(&served, &caller).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
