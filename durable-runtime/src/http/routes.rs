//! The routes: for each, its action, its handler and its description.
//!
//! Both the router and the [description](super::openapi) of the API are made from this one table.
//! The client of feature `http-client` uses [routes of its own](commands), which are not described,
//! because only that client and this server use them.

use std::borrow::Cow;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::MethodFilter;
use axum::routing::MethodRouter;
use axum::routing::on;
use utoipa::openapi::HttpMethod;

use super::access::Action;
use super::api::Api;
use super::call::Answer;
use super::call::Call;
use super::call::guarded;
use super::commands;
use super::control;
use super::describe::Description;
use super::entities;
use super::instances;
use super::openapi;
use super::problem::Problem;
use super::raise;
use super::start;
use super::status;
use super::watching;

/// A method of a path.
pub(super) struct Route {
    path: &'static str,
    handler: MethodRouter<Api>,
    pub(super) described: Described,
}

/// A method of a path, as the description shows it.
pub(super) struct Described {
    pub(super) method: Method,
    pub(super) path: Cow<'static, str>,
    pub(super) action: Action,
    pub(super) description: Description,
}

/// The methods of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    pub(super) fn described(self) -> HttpMethod {
        match self {
            Self::Get => HttpMethod::Get,
            Self::Post => HttpMethod::Post,
            Self::Delete => HttpMethod::Delete,
        }
    }
}

/// The lists that have a second path with a slash at its end, because the npm package
/// `durable-functions` asks for that path. No other path has one. A client turns the path of the id `.`
/// into a path with a slash at its end, and has to get the answer that there is nothing.
const WITH_SLASH: [&str; 2] = ["/instances", "/entities"];

/// All routes. Other methods and paths get an answer like any other mistake.
pub(super) fn router(api: Api) -> Router {
    let add = |router: Router<Api>, route: Route| {
        let router = if WITH_SLASH.contains(&route.path) {
            router.route(&format!("{}/", route.path), route.handler.clone())
        } else {
            router
        };
        router.route(route.path, route.handler)
    };
    let router = table().into_iter().fold(Router::new(), add);
    router
        .merge(commands::routes(&api))
        .fallback(nothing_here)
        .method_not_allowed_fallback(another_method)
        .with_state(api)
}

/// The table of all routes.
pub(super) fn table() -> Vec<Route> {
    let mut table = orchestrators();
    table.extend(instances());
    table.extend(entities());
    table.push(route(
        Method::Get,
        "/openapi.json",
        Action::ReadDescription,
        openapi::read,
        openapi::description,
    ));
    table
}

fn orchestrators() -> Vec<Route> {
    vec![
        route(
            Method::Post,
            "/orchestrators/{name}",
            Action::Start,
            start::start,
            start::description,
        ),
        route(
            Method::Post,
            "/orchestrators/{name}/{id}",
            Action::Start,
            start::start,
            start::description_with_id,
        ),
    ]
}

fn instances() -> Vec<Route> {
    vec![
        route(
            Method::Get,
            "/instances",
            Action::ListInstances,
            instances::list,
            instances::list_description,
        ),
        route(
            Method::Delete,
            "/instances",
            Action::PurgeInstances,
            instances::purge,
            instances::purge_description,
        ),
        route(
            Method::Get,
            "/counts",
            Action::ListInstances,
            instances::count,
            instances::count_description,
        ),
        route(
            Method::Get,
            "/instances/{id}",
            Action::ReadStatus,
            status::status,
            status::description,
        ),
        route(
            Method::Delete,
            "/instances/{id}",
            Action::Purge,
            control::purge,
            control::purge_description,
        ),
        route(
            Method::Get,
            "/instances/{id}/events",
            Action::WatchStatus,
            watching::watch,
            watching::description,
        ),
        route(
            Method::Post,
            "/instances/{id}/raiseEvent/{event}",
            Action::RaiseEvent,
            raise::raise,
            raise::description,
        ),
        route(
            Method::Post,
            "/instances/{id}/terminate",
            Action::Terminate,
            control::terminate,
            control::terminate_description,
        ),
        route(
            Method::Post,
            "/instances/{id}/cancel",
            Action::Cancel,
            control::cancel,
            control::cancel_description,
        ),
        route(
            Method::Post,
            "/instances/{id}/suspend",
            Action::Suspend,
            control::suspend,
            control::suspend_description,
        ),
        route(
            Method::Post,
            "/instances/{id}/resume",
            Action::Resume,
            control::resume,
            control::resume_description,
        ),
        route(
            Method::Post,
            "/instances/{id}/rewind",
            Action::Rewind,
            control::rewind,
            control::rewind_description,
        ),
        route(
            Method::Post,
            "/instances/{id}/restart",
            Action::Restart,
            control::restart,
            control::restart_description,
        ),
    ]
}

fn entities() -> Vec<Route> {
    vec![
        route(
            Method::Get,
            "/entities",
            Action::ListEntities,
            entities::list,
            entities::list_description,
        ),
        route(
            Method::Get,
            "/entities/{name}",
            Action::ListEntities,
            entities::list,
            entities::list_of_name_description,
        ),
        route(
            Method::Get,
            "/entities/{name}/{key}",
            Action::ReadEntity,
            entities::read,
            entities::read_description,
        ),
        route(
            Method::Post,
            "/entities/{name}/{key}",
            Action::SignalEntity,
            entities::signal,
            entities::signal_description,
        ),
        route(
            Method::Delete,
            "/entities/{name}/{key}",
            Action::DeleteEntity,
            entities::delete,
            entities::delete_description,
        ),
    ]
}

/// A route: a request that is let in to do `action` goes to `handler`.
fn route<H, F>(
    method: Method,
    path: &'static str,
    action: Action,
    handler: H,
    description: fn() -> Description,
) -> Route
where
    H: Fn(Call) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    Route {
        path,
        handler: on(method.filter(), guarded(action, path, handler)),
        described: Described {
            method,
            path: path.into(),
            action,
            description: description(),
        },
    }
}

async fn nothing_here(headers: HeaderMap) -> Response {
    Problem::not_found("there is nothing at this path").response(Some(&headers))
}

async fn another_method(headers: HeaderMap) -> Response {
    let message =
        "this path does not allow that method: the header Allow lists the methods it does";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, message).response(Some(&headers))
}
