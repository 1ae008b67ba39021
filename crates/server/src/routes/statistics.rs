//! Figures about sessions and events.

use std::time::Duration;

use axum::Json as Answered;
use axum::extract::State;
use tenure_api::{Figures, Problem};
use tenure_core::limits;
use tenure_words::documents;

use super::Here;
use crate::answer::Answer;
use crate::caller::Caller;
use crate::query::Query;

/// Counts sessions and events of the namespace
#[utoipa::path(get, path = "/v1/statistics", tag = "server", security(("token" = ["admin"])),
    params(("stuck_after_ms" = Option<u64>, Query,
        description = "An active session without activity for longer than this is stuck; without one: 30 minutes", minimum = 1, maximum = 4_294_967_295_i64)),
    responses((status = 200, body = Figures),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(State(served): Here, caller: Caller, mut query: Query) -> Answer<Answered<Figures>> {
    let stuck_after = query.number("stuck_after_ms", (1, u64::from(u32::MAX)))?;
    let stuck_after = stuck_after.map_or(limits::STUCK_AFTER, Duration::from_millis);
    query.end()?;
    let engine = &served.setup.engine;
    let overview = engine.overview(caller.namespace.clone(), stuck_after).await?;
    Ok(Answered(documents::figures(&overview, &caller.namespace, limits::STUCK_LOOKED_AT_MAX)))
}
