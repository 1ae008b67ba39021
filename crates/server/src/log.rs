//! One line in the log for every request.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::Code;
use crate::setup::Served;
use crate::trace::Trace;

/// Tells of a request once it is answered; never of what was sent.
pub(crate) async fn request(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let clock = Arc::clone(&served.setup.clock);
    let begun = clock.now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let trace = request.extensions().get().and_then(|Trace(parent)| *parent);
    let response = next.run(request).await;
    if let Some(Code(code)) = response.extensions().get() {
        served.counters.refused(code);
    }
    let path = path.as_deref().unwrap_or("unknown");
    let (status, ms) = (response.status().as_u16(), clock.now().saturating_sub(begun).as_millis());
    tracing::debug!(%method, path, status, ms, trace = trace.map(tracing::field::display), "request");
    response
}
