//! The span of a request, for whoever collects traces.

use std::convert::Infallible;
use std::sync::Arc;

use axum::RequestExt as _;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use tenure_core::id::{Key, SessionId};
use tenure_core::trace::TraceParent;

use crate::answer::Code;
use crate::audit::About;
use crate::setup::Served;

/// Methods that are told as they are. The others are made up, and would make as many sorts of spans.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
/// Most that is handed on of what a system of traces says beside a span, in bytes, as its standard asks at least.
const STATE_BYTES_MAX: usize = 512;

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
    let names = request.extract_parts::<RawPathParams>().await.ok();
    let span = begun(tracer, request.headers(), told, (request.method(), path.as_str()));
    let mut begun = Begun { span, session: names.as_ref().and_then(session) };
    let parent = begun.span.span_context();
    let parent = TraceParent::of(
        parent.trace_id().to_bytes(),
        parent.span_id().to_bytes(),
        parent.trace_flags().to_u8(),
    );
    request.extensions_mut().insert(Trace(parent));
    let response = next.run(request).await;
    begun.answered(&response);
    response
}

/// The span of a request that is under way. However that ends, it is told what it was about.
struct Begun {
    span: BoxedSpan,
    /// The session, as it was asked for.
    session: Option<String>,
}

impl Begun {
    fn answered(&mut self, response: &Response) {
        // A session that was named by its key is told by its id where the answer knows it.
        if let Some(About::Session(id)) = response.extensions().get::<About>() {
            self.session = Some(id.clone());
        }
        let (status, code) = (response.status(), response.extensions().get::<Code>());
        let span = &mut self.span;
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if let Some(Code(code)) = code {
            span.set_attribute(KeyValue::new("tenure.code", *code));
        }
        if status.is_server_error() {
            let code = code.map_or_else(|| status.as_str().to_owned(), |Code(code)| (*code).to_owned());
            span.set_attribute(KeyValue::new("error.type", code));
            span.set_status(Status::error(""));
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        self.span.set_attribute(KeyValue::new("session.id", session.clone()));
        self.span.set_attribute(KeyValue::new("gen_ai.conversation.id", session));
    }
}

/// The session that a path names. What can be the name of none is nobody's business elsewhere.
fn session(names: &RawPathParams) -> Option<String> {
    let (_, named) = names.iter().find(|(name, _)| *name == "name")?;
    let is_name = SessionId::parse(named).is_ok() || Key::parse(named).is_ok();
    is_name.then(|| named.to_owned())
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
    let (name, told_method) = if METHODS.contains(method) {
        (format!("{method} {path}"), method.as_str().to_owned())
    } else {
        (format!("HTTP {path}"), "_OTHER".to_owned())
    };
    let mut attributes =
        vec![KeyValue::new("http.request.method", told_method), KeyValue::new("http.route", path.to_owned())];
    if (method, path) == (&Method::POST, "/v1/orchestrations") {
        attributes.push(KeyValue::new("gen_ai.operation.name", "invoke_agent"));
    }
    let span = tracer.span_builder(name).with_kind(SpanKind::Server);
    span.with_attributes(attributes).start_with_context(tracer, &parent)
}

/// The sender's span, with what its system of traces says beside it.
fn remote(headers: &HeaderMap, told: TraceParent) -> SpanContext {
    let states: Result<Vec<_>, _> = headers.get_all("tracestate").iter().map(HeaderValue::to_str).collect();
    let state = states.ok().map(|states| states.join(",")).filter(|state| state.len() <= STATE_BYTES_MAX);
    SpanContext::new(
        TraceId::from_bytes(told.trace()),
        SpanId::from_bytes(told.span()),
        TraceFlags::new(told.flags()),
        true,
        state.and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    )
}
