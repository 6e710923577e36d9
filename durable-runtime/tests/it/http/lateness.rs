//! Answers to commands that were done, as far as the server can tell, or not.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use durable_runtime::Client;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::Management;
use durable_runtime::prelude::*;

use super::functions::OrderClient;
use super::late_commands::LateCommands;
use super::late_commands::Trouble;
use super::server::Reply;
use super::server::Server;

/// Long enough for what is read, as short as a test likes it.
const REQUEST_TIME: Duration = Duration::from_secs(2);

async fn place(State(orders): State<OrderClient>) -> Result<Response, ClientError> {
    Ok(orders.start(3).id("own").await?.into_response())
}

/// A server with two orders that wait and one that has ended, and then this trouble.
async fn troubled(trouble: Trouble) -> Server {
    let mut server = Server::start().await;
    server.waiting_order("waits").await;
    server.waiting_order("held").await;
    server.ended_order("ended", 3).await;
    let client = Client::new(Arc::new(LateCommands {
        commands: server.commands(),
        trouble,
    }));
    let mut limits = HttpLimits::default();
    limits.request_time = REQUEST_TIME;
    let own = Router::new().route("/orders", post(place));
    let own = own.with_state(OrderClient::new(&client));
    let management = Management::new(client).limits(limits);
    server.app = own.nest("/durable", management.router());
    server
}

/// That nobody is told to send again what would count twice.
fn check_told(reply: &Reply) {
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(reply.header("retry-after"), None, "{reply:?}");
    let message = reply.message();
    let told = "; it may have been done all the same, so look before you send it again";
    assert!(message.ends_with(told), "{message}");
}

async fn check_commands(trouble: Trouble) {
    let server = troubled(trouble).await;
    let (started, raised, signalled, restarted, suspended) = tokio::join!(
        server.post("/durable/orchestrators/order/late", "3"),
        server.post(
            "/durable/instances/waits/raiseEvent/Approval",
            r#"{"by":"Ada"}"#
        ),
        server.post("/durable/entities/Stock/main?op=add", "1"),
        server.post("/durable/instances/ended/restart", ""),
        server.post("/durable/instances/held/suspend", ""),
    );
    for reply in [started, raised, signalled, restarted] {
        check_told(&reply);
    }
    // It was done indeed.
    server.until_there("late").await;
    // Twice is as good as once.
    assert_eq!(suspended.status, 503);
    assert_eq!(suspended.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn a_client_is_not_told_to_repeat_what_the_store_did_and_never_told() {
    check_commands(Trouble::Late).await;
}

#[tokio::test]
async fn a_client_is_not_told_to_repeat_what_a_store_did_that_was_gone_afterwards() {
    check_commands(Trouble::Gone).await;
}

#[tokio::test]
async fn a_start_whose_instance_cannot_be_read_is_a_start_all_the_same() {
    let server = troubled(Trouble::Unread).await;
    let reply = server
        .post("/durable/orchestrators/order/late?timeout=60", "3")
        .await;
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.json()["id"], "late");
    // What only reads may be repeated.
    let reply = server.get("/durable/instances/late").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn the_client_of_an_own_handler_is_not_told_to_repeat_what_may_have_been_done() {
    let server = troubled(Trouble::Gone).await;
    let reply = server.post("/orders", "").await;
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), None, "{reply:?}");
}
