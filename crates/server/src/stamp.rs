//! What time it is by the store, on every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::setup::Served;

/// Says what the store's wall clock says, in milliseconds since the epoch; nothing where that clock cannot be used.
///
/// Leases are judged by that clock: whoever is told when one ends can tell how far away that is.
pub(crate) async fn time(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_of_api = path.starts_with("/v1/") || path == "/readyz";
    let mut response = next.run(request).await;
    if is_of_api
        && let Ok(now) = served.setup.engine.store().now().await
        && let Some(wall) = now.wall
    {
        let name = HeaderName::from_static("tenure-time");
        response.headers_mut().insert(name, HeaderValue::from(wall.epoch_ms()));
    }
    response
}
