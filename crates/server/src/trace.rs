//! The span of a request, for whoever collects traces.

use std::convert::Infallible;
use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use tenure_core::trace::TraceParent;

use crate::answer::Code;
use crate::audit::About;
use crate::setup::Served;

/// The span that what a request leads to belongs under: its own where spans are collected, its sender's where not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trace(pub(crate) Option<TraceParent>);

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(None)))
    }
}

/// Begins the span of a request, and ends it once that is answered.
pub(crate) async fn request(State(served): State<Arc<Served>>, mut request: Request, next: Next) -> Response {
    let told = told(request.headers());
    let path = request.extensions().get::<MatchedPath>().filter(|path| path.as_str().starts_with("/v1/"));
    let (Some(tracer), Some(path)) = (&served.setup.tracer, path.cloned()) else {
        request.extensions_mut().insert(Trace(told));
        return next.run(request).await;
    };
    let mut span = begun(tracer, request.headers(), told, (request.method(), path.as_str()));
    if let Ok(names) = request.extract_parts::<RawPathParams>().await
        && let Some((_, session)) = names.iter().find(|(name, _)| *name == "name")
    {
        about(&mut span, session);
    }
    let parent = span.span_context();
    let parent = TraceParent::of(
        parent.trace_id().to_bytes(),
        parent.span_id().to_bytes(),
        parent.trace_flags().to_u8(),
    );
    request.extensions_mut().insert(Trace(parent));
    let response = next.run(request).await;
    answered(&mut span, &response);
    response
}

/// The span of whoever asks.
fn told(headers: &HeaderMap) -> Option<TraceParent> {
    let mut all = headers.get_all("traceparent").iter();
    let (first, None) = (all.next()?, all.next()) else { return None };
    TraceParent::parse(first.to_str().ok()?)
}

fn begun(
    tracer: &BoxedTracer,
    headers: &HeaderMap,
    told: Option<TraceParent>,
    (method, path): (&Method, &str),
) -> BoxedSpan {
    let parent =
        told.map_or_else(Context::new, |told| Context::new().with_remote_span_context(remote(headers, told)));
    let mut attributes = vec![
        KeyValue::new("http.request.method", method.as_str().to_owned()),
        KeyValue::new("http.route", path.to_owned()),
    ];
    if (method, path) == (&Method::POST, "/v1/orchestrations") {
        attributes.push(KeyValue::new("gen_ai.operation.name", "invoke_agent"));
    }
    let span = tracer.span_builder(format!("{method} {path}")).with_kind(SpanKind::Server);
    span.with_attributes(attributes).start_with_context(tracer, &parent)
}

/// The sender's span, with what its system of traces says beside it.
fn remote(headers: &HeaderMap, told: TraceParent) -> SpanContext {
    let state = headers.get("tracestate").and_then(|state| state.to_str().ok());
    SpanContext::new(
        TraceId::from_bytes(told.trace()),
        SpanId::from_bytes(told.span()),
        TraceFlags::new(told.flags()),
        true,
        state.and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    )
}

fn about(span: &mut BoxedSpan, session: &str) {
    for name in ["session.id", "gen_ai.conversation.id"] {
        span.set_attribute(KeyValue::new(name, session.to_owned()));
    }
}

fn answered(span: &mut BoxedSpan, response: &Response) {
    // A session that was named by its key is told by its id where the answer knows it.
    if let Some(About::Session(id)) = response.extensions().get::<About>() {
        about(span, id);
    }
    let status = response.status();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if let Some(Code(code)) = response.extensions().get() {
        span.set_attribute(KeyValue::new("tenure.code", *code));
    }
    if status.is_server_error() {
        let code = response.extensions().get().map_or(StatusCode::as_str(&status), |Code(code)| code);
        span.set_attribute(KeyValue::new("error.type", code.to_owned()));
        span.set_status(Status::error(""));
    }
}
