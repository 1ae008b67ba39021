//! Pins: which worker holds which key.

use axum::Json as Answered;
use axum::extract::{Path, State};
use tenure_api::requests::MovePin as Wish;
use tenure_api::{Page, Pin, PinMoved, Problem};
use tenure_core::id::{AffinityKey, WorkerId};
use tenure_core::limits;
use tenure_store::{MovePin, MovePinOutcome, PinsRequest};
use tenure_words::documents;

use super::{Asked, Here};
use crate::answer::Answer;
use crate::body::Optional;
use crate::caller::Caller;
use crate::given;
use crate::query::Query;

/// Lists pins, ordered by key
#[utoipa::path(get, path = "/v1/pins", tag = "workers", security(("token" = ["observer"])),
    params(("limit" = Option<u64>, Query, description = "At most this many: 1 to 1,000", minimum = 1, maximum = 1000),
        ("cursor" = Option<String>, Query, description = "Where the page before ended: its last key"),
        ("worker" = Option<String>, Query, description = "Only this worker's")),
    responses((status = 200, body = Page<Pin>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(served): Here,
    caller: Caller,
    mut query: Query,
) -> Answer<Answered<Page<Pin>>> {
    let limit = query.number("limit", (1, limits::LIST_MAX as u64))?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let after =
        query.one("cursor")?.as_deref().map(AffinityKey::parse).transpose().map_err(given::name("cursor"))?;
    let worker =
        query.one("worker")?.as_deref().map(WorkerId::parse).transpose().map_err(given::name("worker id"))?;
    query.end()?;
    let namespace = caller.namespace.clone();
    let after = after.map(|key| (namespace.clone(), key));
    let request = PinsRequest { namespace: Some(namespace), worker, after, limit };
    let pins = served.setup.engine.store().pins(request).await?;
    let next_cursor = pins.last().filter(|_| pins.len() == limit).map(|pin| pin.key.as_str().to_owned());
    Ok(Answered(Page { data: pins.iter().map(documents::pin).collect(), next_cursor }))
}

/// Gives a key to another worker, or to nobody
#[utoipa::path(post, path = "/v1/pins/{key}/move", tag = "workers", request_body = Option<Wish>,
    security(("token" = ["admin"])),
    params(("key" = String, Path, description = "The key")),
    responses((status = 200, body = PinMoved),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn give(
    caller: Caller,
    engine: Asked,
    Path(key): Path<String>,
    Optional(wish): Optional<Wish>,
) -> Answer<Answered<PinMoved>> {
    let key = AffinityKey::parse(&key).map_err(given::name("key"))?;
    let to = wish.to.as_deref().map(WorkerId::parse).transpose().map_err(given::name("worker id"))?;
    let request = MovePin { namespace: caller.namespace.clone(), key, to };
    match engine.store().move_pin(request).await? {
        MovePinOutcome::Moved(fence) => Ok(Answered(PinMoved { accepted: true, fence: fence.0 })),
        MovePinOutcome::NotFound => {
            Err(tenure_words::Problem::missing("NOT_FOUND", "nobody holds that key").into())
        }
        MovePinOutcome::NoWorker => Err(tenure_words::Problem::refused(
            "NO_WORKER",
            "no live worker of that name serves keys, or it is to drain",
        )
        .into()),
    }
}
