//! An instance as the response to the request that started it.

use axum::response::IntoResponse;
use axum::response::Response;

use super::base::Base;
use super::links::Links;
use crate::client::Instance;

/// Where callers reach the router, unless the user sets another base.
pub(super) const DEFAULT_PREFIX: &str = "/durable";

/// 202 with the management payload, a `Location` with the URL of its status, and a `Retry-After` that
/// says when to look. A handler that has started an instance can return it.
///
/// An instance does not know where the management router is, so its links are relative references to
/// `/durable`, and they are not signed. [`Links::accepted`] knows the router and signs the links.
///
/// ```
/// use axum::extract::State;
/// use axum::response::{IntoResponse, Response};
/// use axum::routing::post;
/// use durable_runtime::prelude::*;
///
/// # #[orchestrator]
/// # async fn process_order(_ctx: &OrchestrationContext, order: String) -> String { order }
/// async fn place_order(
///     State(orders): State<ProcessOrderClient>,
///     order: String,
/// ) -> Result<Response, ClientError> {
///     Ok(orders.start(order).await?.into_response())
/// }
///
/// # fn app(client: Client) -> axum::Router {
/// axum::Router::new()
///     .route("/orders", post(place_order))
///     .with_state(ProcessOrderClient::new(client.clone()))
///     .nest("/durable", durable_runtime::http::router(client))
/// # }
/// ```
impl<O> IntoResponse for Instance<O> {
    fn into_response(self) -> Response {
        Links::new(Base::new(DEFAULT_PREFIX), None).accepted(&self)
    }
}
