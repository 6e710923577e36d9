//! Instances and errors as responses of the user's own handlers.

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use durable_runtime::http::Links;
use durable_runtime::prelude::*;

use super::functions::OrderClient;
use super::server::Server;

#[derive(Clone)]
struct App {
    orders: OrderClient,
    links: Links,
}

async fn place(State(app): State<App>, id: String) -> Result<Response, ClientError> {
    Ok(app.orders.start(3).id(id).await?.into_response())
}

async fn place_signed(State(app): State<App>, id: String) -> Result<Response, ClientError> {
    let order = app.orders.start(3).id(id).await?;
    Ok(app.links.accepted(&order))
}

async fn server() -> Server {
    let mut links = None;
    let mut server = Server::with("memory:", |management| {
        let management = management
            .link_secret(durable_runtime::http::LinkSecret::new([7; 32]))
            .base_url("https://shop.example/durable/");
        links = Some(management.links());
        management
    })
    .await;
    let app = App {
        orders: OrderClient::new(server.client()),
        links: links.unwrap(),
    };
    let own = Router::new()
        .route("/orders", post(place))
        .route("/signed", post(place_signed))
        .with_state(app);
    server.app = server.app.merge(own);
    server
}

#[tokio::test]
async fn an_instance_is_a_response_that_says_where_to_look() {
    let server = server().await;
    let reply = server.post("/orders", "o 1").await;
    assert_eq!(reply.status, 202);
    assert_eq!(reply.header("location"), Some("/durable/instances/o%201"));
    assert_eq!(reply.header("retry-after"), Some("10"));
    let json = reply.json();
    assert_eq!(json["id"], "o 1");
    assert_eq!(
        json["terminatePostUri"],
        "/durable/instances/o%201/terminate?reason={text}"
    );
    assert_eq!(
        server.get("/durable/instances/o%201").await.json()["instanceId"],
        "o 1"
    );
}

#[tokio::test]
async fn signed_links_let_others_do_what_they_are_for() {
    let server = server().await;
    let reply = server.post("/signed", "o-1").await;
    let location = reply.header("location").unwrap();
    let path = location.strip_prefix("https://shop.example").unwrap();
    assert!(path.starts_with("/durable/instances/o-1?code="), "{path}");
    let from_afar = |path: &str| {
        let request = axum::http::Request::get(path);
        request.body(axum::body::Body::empty()).unwrap()
    };
    let status = server.send_as_is(from_afar(path)).await.status;
    assert!([200, 202].contains(&status), "{status}");
    let without = server.send_as_is(from_afar("/durable/instances/o-1")).await;
    assert_eq!(without.status, 403);
}

#[tokio::test]
async fn an_error_is_a_response_that_says_what_is_wrong() {
    let server = server().await;
    assert_eq!(server.post("/orders", "o-1").await.status, 202);
    let taken = server.post("/orders", "o-1").await;
    assert_eq!(taken.status, 409);
    assert!(taken.message().starts_with("instance `o-1` already exists"));
    let invalid = server.post("/orders", "@").await;
    assert_eq!(invalid.status, 400);
}
