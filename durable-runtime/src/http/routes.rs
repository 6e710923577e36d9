//! The routes, each with what it lets a request do.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::delete;
use axum::routing::get;
use axum::routing::post;

use super::access::Action;
use super::api::Api;
use super::call::guarded;
use super::control;
use super::entities;
use super::instances;
use super::problem::Problem;
use super::raise;
use super::start;
use super::status;
use super::watching;

/// All routes. A method or a path that is not here is answered like any other mistake.
pub(super) fn routes(api: Api) -> Router {
    Router::new()
        .route(
            "/orchestrators/{name}",
            post(guarded(Action::Start, start::start)),
        )
        .route(
            "/orchestrators/{name}/{id}",
            post(guarded(Action::Start, start::start)),
        )
        .merge(instances())
        .merge(entities())
        .fallback(nothing_here)
        .method_not_allowed_fallback(another_method)
        .with_state(api)
}

fn instances() -> Router<Api> {
    let all = get(guarded(Action::ListInstances, instances::list))
        .delete(guarded(Action::PurgeInstances, instances::purge));
    Router::new()
        .route("/instances", all.clone())
        // So the `durable-functions` package of npm writes it.
        .route("/instances/", all)
        .route(
            "/instances/{id}",
            get(guarded(Action::ReadStatus, status::status))
                .delete(guarded(Action::Purge, control::purge)),
        )
        .route(
            "/instances/{id}/events",
            get(guarded(Action::WatchStatus, watching::watch)),
        )
        .route(
            "/instances/{id}/raiseEvent/{event}",
            post(guarded(Action::RaiseEvent, raise::raise)),
        )
        .route(
            "/instances/{id}/terminate",
            post(guarded(Action::Terminate, control::terminate)),
        )
        .route(
            "/instances/{id}/suspend",
            post(guarded(Action::Suspend, control::suspend)),
        )
        .route(
            "/instances/{id}/resume",
            post(guarded(Action::Resume, control::resume)),
        )
        .route(
            "/instances/{id}/rewind",
            post(guarded(Action::Rewind, control::rewind)),
        )
        .route(
            "/instances/{id}/restart",
            post(guarded(Action::Restart, control::restart)),
        )
}

fn entities() -> Router<Api> {
    Router::new()
        .route(
            "/entities",
            get(guarded(Action::ListEntities, entities::list)),
        )
        .route(
            "/entities/{name}",
            get(guarded(Action::ListEntities, entities::list)),
        )
        .route(
            "/entities/{name}/{key}",
            delete(guarded(Action::DeleteEntity, entities::delete))
                .get(guarded(Action::ReadEntity, entities::read))
                .post(guarded(Action::SignalEntity, entities::signal)),
        )
}

async fn nothing_here(headers: HeaderMap) -> Response {
    Problem::not_found("there is nothing at this path").response(Some(&headers))
}

async fn another_method(headers: HeaderMap) -> Response {
    let message = "this path does not have that method: the header Allow names those it has";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, message).response(Some(&headers))
}
