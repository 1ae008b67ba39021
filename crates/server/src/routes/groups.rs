//! Groups: who is at work, who waits, and how many may be.

use axum::Json as Answered;
use axum::extract::{Path, State};
use tenure_api::requests::SetLimit;
use tenure_api::{Group, Problem};
use tenure_core::id::GroupName;
use tenure_core::lease::Standing;
use tenure_engine::Engine;
use tenure_store::{GroupRequest, LimitRequest};
use tenure_words::documents;

use super::Here;
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::given;

/// Shows a group
#[utoipa::path(get, path = "/v1/groups/{group}", tag = "groups", security(("token" = ["observer"])),
    params(("group" = String, Path, description = "The group's name")),
    responses((status = 200, body = Group),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn show(
    State(served): Here,
    caller: Caller,
    Path(group): Path<String>,
) -> Answer<Answered<Group>> {
    let name = GroupName::parse(&group).map_err(given::name("group"))?;
    document(&served.setup.engine, &caller, name).await
}

/// Says how many sessions of a group may be at work at once
#[utoipa::path(put, path = "/v1/groups/{group}", tag = "groups", request_body = SetLimit,
    security(("token" = ["admin"])),
    params(("group" = String, Path, description = "The group's name")),
    responses((status = 200, body = Group),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn limit(
    State(served): Here,
    caller: Caller,
    Path(group): Path<String>,
    Json(wish): Json<SetLimit>,
) -> Answer<Answered<Group>> {
    let name = GroupName::parse(&group).map_err(given::name("group"))?;
    if wish.limit == Some(0) {
        return Err(Failure::usage("`limit` is at least 1; without one there is none"));
    }
    let engine = &served.setup.engine;
    let group = GroupRequest { namespace: caller.namespace.clone(), name: name.clone() };
    engine
        .store()
        .limit_group(LimitRequest { group, limit: wish.limit, only_first: wish.only_first })
        .await?;
    document(engine, &caller, name).await
}

async fn document(engine: &Engine, caller: &Caller, name: GroupName) -> Answer<Answered<Group>> {
    let request = GroupRequest { namespace: caller.namespace.clone(), name: name.clone() };
    let found = engine.store().group(request).await?;
    if found.handle.is_none() {
        let statement = format!("there is no group `{name}`");
        return Err(tenure_words::Problem::missing("NOT_FOUND", statement).into());
    }
    let now = engine.store().now().await?;
    // Others' sessions count, and are not told of.
    let seen = found.members.into_iter().filter(|member| caller.sees(&member.session));
    let is_there =
        |member: &tenure_store::GroupMember| {
            member.session.lease.as_ref().is_some_and(|lease| {
                !engine.is_gone(lease) && lease.term.standing(&now) != Ok(Standing::Over)
            })
        };
    let members: Vec<_> = seen.map(|member| (is_there(&member), member)).collect();
    Ok(Answered(documents::group(&name, found.limit, &members)))
}
