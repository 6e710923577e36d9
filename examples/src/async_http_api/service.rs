//! The routes of the shop.

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use durable_runtime::http::Management;
use durable_runtime::prelude::*;
use serde::Serialize;

use super::problem::Problem;
use crate::inventory::InventoryClient;
use crate::order_processing::orchestrator::ProcessOrderClient;
use crate::order_processing::order::Order;

/// The most bytes of an order.
const ORDER_BYTES: usize = 16 * 1024;

/// What the handlers share.
#[derive(Debug, Clone)]
struct Desk {
    orders: ProcessOrderClient,
    inventory: InventoryClient,
}

/// Returns the routes of the shop: `POST /orders` and `GET /inventory/{article}`, and the
/// management API below `/durable`.
pub fn service(client: &Client, management: &Management) -> Router {
    let desk = Desk {
        orders: ProcessOrderClient::new(client),
        inventory: InventoryClient::new(client, "main"),
    };
    Router::new()
        .route("/orders", post(place_order))
        .route("/inventory/{article}", get(count_articles))
        .layer(DefaultBodyLimit::max(ORDER_BYTES))
        .with_state(desk)
        .nest("/durable", management.router())
}

/// Takes an order: 202, and where to ask what becomes of it. Sent again, it is the same order.
async fn place_order(
    State(desk): State<Desk>,
    order: Result<Json<Order>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(order) = order?;
    let start = desk.orders.start(order.clone()).id(&order.id);
    match start.await {
        Ok(instance) => Ok(instance.into_response()),
        Err(ClientError::AlreadyExists { id, .. }) => placed_before(&desk, id, &order).await,
        Err(error) => Err(error.into()),
    }
}

/// The answer to an order that was sent again, since the answer to it may have been lost.
async fn placed_before(desk: &Desk, id: InstanceId, order: &Order) -> Result<Response, Problem> {
    let instance = desk.orders.instance(&id);
    let placed = instance.status().await?.input_as();
    if placed.is_ok_and(|placed| placed.as_ref() == Some(order)) {
        Ok(instance.into_response())
    } else {
        Err(Problem::Taken { id })
    }
}

/// How many pieces of an article there are.
#[derive(Debug, Serialize)]
struct Level {
    article: String,
    pieces: u32,
}

/// Asks the entity, in its turn: what was sent to it before is counted.
async fn count_articles(
    State(desk): State<Desk>,
    Path(article): Path<String>,
) -> Result<Response, Problem> {
    let pieces = desk.inventory.level(article.clone()).await?;
    Ok(Json(Level { article, pieces }).into_response())
}
