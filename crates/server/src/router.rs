//! Which route is where, and what surrounds all of them.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use tenure_words::Problem;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{self, Doors, SCHEME};
use crate::answer::Failure;
use crate::setup::Served;
use crate::{once, routes};

/// What the description says of all of it.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Tenure",
        description = "Sessions with one owner at a time, their logs, and the work that survives them.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "sessions", description = "Sessions: listed, created, shown, changed, deleted."),
        (name = "lease", description = "Holding a session: one holder at a time, under a lease and a fence."),
        (name = "lifecycle", description = "A session's course."),
        (name = "events", description = "A session's log, read, followed and written."),
        (name = "checkpoints", description = "Saved values, and going on from them."),
        (name = "files", description = "Files that a session's work has changed."),
        (name = "orchestrations", description = "Code that survives."),
        (name = "workers", description = "Who runs activities, and which keys they hold."),
        (name = "groups", description = "How many sessions may be at work at once."),
        (name = "tokens", description = "Who may."),
        (name = "server", description = "How the server is."),
    )
)]
struct Described;

/// The API's description, as OpenAPI 3.1.
#[must_use]
pub fn describe() -> utoipa::openapi::OpenApi {
    open().split_for_parts().1
}

fn open() -> OpenApiRouter<Arc<Served>> {
    let mut description = Described::openapi();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    description.components.get_or_insert_default().add_security_scheme(SCHEME, scheme);
    OpenApiRouter::with_openapi(description)
        .routes(routes!(routes::sessions::list, routes::sessions::create))
        .routes(routes!(routes::show::show, routes::sessions::update, routes::sessions::delete))
        .routes(routes!(routes::sessions::children))
        .routes(routes!(routes::show::weight))
        .routes(routes!(routes::lease::take, routes::lease::check, routes::lease::release))
        .routes(routes!(routes::commands::apply))
        .routes(routes!(routes::commands::renew))
        .routes(routes!(routes::lease::start))
        .routes(routes!(routes::lease::takeover))
        .routes(routes!(routes::lease::heartbeat))
        .routes(routes!(routes::lifecycle::complete))
        .routes(routes!(routes::lifecycle::fail))
        .routes(routes!(routes::lifecycle::pause))
        .routes(routes!(routes::lifecycle::resume))
        .routes(routes!(routes::lifecycle::stop))
        .routes(routes!(routes::lifecycle::ask))
        .routes(routes!(routes::lifecycle::cancel))
        .routes(routes!(routes::lifecycle::retain, routes::lifecycle::end_retention))
        .routes(routes!(routes::events::across))
        .routes(routes!(routes::events::read, routes::events::append))
        .routes(routes!(routes::events::send))
        .routes(routes!(routes::events::compact))
        .routes(routes!(routes::checkpoints::list, routes::checkpoints::create))
        .routes(routes!(routes::checkpoints::show))
        .routes(routes!(routes::checkpoints::payload))
        .routes(routes!(routes::checkpoints::prune))
        .routes(routes!(routes::checkpoints::restore))
        .routes(routes!(routes::checkpoints::fork))
        .routes(routes!(routes::files::list, routes::files::record))
        .routes(routes!(routes::files::version))
        .routes(routes!(routes::files::content))
        .routes(routes!(routes::groups::show, routes::groups::limit))
        .routes(routes!(routes::orchestrations::start))
        .routes(routes!(routes::orchestrations::show))
        .routes(routes!(routes::orchestrations::signal))
        .routes(routes!(routes::orchestrations::history))
        .routes(routes!(routes::orchestrations::result))
        .routes(routes!(routes::workers::list, routes::workers::register))
        .routes(routes!(routes::workers::renew))
        .routes(routes!(routes::workers::retire))
        .routes(routes!(routes::workers::dismiss))
        .routes(routes!(routes::tasks::claim))
        .routes(routes!(routes::tasks::renew))
        .routes(routes!(routes::tasks::complete))
        .routes(routes!(routes::tasks::fail))
        .routes(routes!(routes::tasks::hand_back))
        .routes(routes!(routes::pins::list))
        .routes(routes!(routes::pins::give))
        .routes(routes!(routes::tokens::list, routes::tokens::create))
        .routes(routes!(routes::tokens::revoke))
        .routes(routes!(routes::tokens::rotate))
        .routes(routes!(routes::namespaces::list))
        .routes(routes!(routes::statistics::show))
        .routes(routes!(routes::health::alive))
        .routes(routes!(routes::health::ready))
        .routes(routes!(routes::health::metrics))
}

/// Every route, with its door.
pub(crate) fn routes(served: &Arc<Served>) -> Router {
    let (router, description) = open().split_for_parts();
    let doors = Arc::new(Doors::of(&description));
    let limits = served.setup.limits;
    router
        .route_layer(from_fn_with_state(Arc::clone(served), once::answer))
        .route_layer(from_fn_with_state((Arc::clone(served), doors), access::guard))
        .route("/openapi.json", get(move || std::future::ready(Json(description))))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(Arc::clone(served), crate::body::bounded))
        .layer(DefaultBodyLimit::max(limits.body_bytes))
        .layer(RequestBodyTimeoutLayer::new(limits.body_timeout))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Arc::clone(served), crate::stamp::time))
        .layer(from_fn_with_state(Arc::clone(served), crate::log::request))
        .layer(from_fn_with_state(Arc::clone(served), crate::trace::request))
        .with_state(Arc::clone(served))
}

async fn nowhere() -> Failure {
    let problem = Problem::missing("NOT_FOUND", "there is nothing at this path");
    problem.hint("every path is described at /openapi.json").into()
}

async fn not_so() -> Failure {
    let problem = Problem::refused("METHOD_NOT_ALLOWED", "this path does not take that method");
    problem.hint("what each path takes is described at /openapi.json").into()
}

#[expect(clippy::needless_pass_by_value, reason = "as the layer hands it over")]
fn panicked(panic: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    tracing::error!(words = %tenure_core::panic_words(panic.as_ref()), "a request panicked");
    let failure = Failure::from(Problem::failure("FAILED", "answer: this is a defect of the server"));
    let mut response = axum::response::IntoResponse::into_response(failure);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
