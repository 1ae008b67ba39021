//! The tenants of a store.

use axum::Json as Answered;
use axum::extract::State;
use tenure_api::{Page, Problem, Tenant};

use super::Here;
use crate::answer::Answer;
use crate::caller::Caller;
use crate::query::Query;

/// Lists the namespaces that anything was ever stored for
///
/// Of a token: its own alone. A server that lets everybody in tells all.
#[utoipa::path(get, path = "/v1/namespaces", tag = "server", security(("token" = ["admin"])),
    responses((status = 200, body = Page<Tenant>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    query: Query,
) -> Answer<Answered<Page<Tenant>>> {
    query.end()?;
    let mut all = served.setup.engine.store().namespaces().await?;
    if caller.principal.is_some() {
        all.retain(|namespace| *namespace == caller.namespace);
    }
    let data = all.iter().map(|namespace| Tenant { name: namespace.as_str().to_owned() }).collect();
    Ok(Answered(Page { data, next_cursor: None }))
}
