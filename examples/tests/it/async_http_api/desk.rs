//! The routes by themselves: the bank, the warehouse and the carrier are mocks, time is moved.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::Request;
use durable_examples::async_http_api::service::service;
use durable_examples::order_processing::activities::charge;
use durable_examples::order_processing::activities::refund;
use durable_runtime::http::Management;
use durable_runtime::prelude::*;
use durable_testkit::TestHub;
use durable_testkit::assert_called;
use serde_json::Value;
use tower::ServiceExt;

use crate::order_processing::in_the_testkit::kit;

const ORDER: &str =
    r#"{"order_id":"order-1","customer_id":"7","date":"1997-01-01","cds":30,"dollars":"440.10"}"#;
const STATUS: &str = "/durable/instances/order-1";
const APPROVAL: &str = "/durable/instances/order-1/raiseEvent/Approval";

/// The shop in front of a hub.
struct Desk {
    app: Router,
}

/// A response, read as a whole.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Desk {
    async fn of(kit: &TestHub) -> Self {
        let client = kit.client().await;
        let management = Management::new(&client);
        Self {
            app: service(&client, &management),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, json: &str) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request.body(Body::from(json.to_owned())).unwrap())
            .await
    }

    async fn send(&self, mut request: Request<Body>) -> Reply {
        let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or_default(),
        }
    }
}

#[tokio::test]
async fn an_order_is_accepted_at_once_and_approved_later() {
    let kit = kit();
    let desk = Desk::of(&kit).await;
    let accepted = desk.post("/orders", ORDER).await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.headers["location"], STATUS);
    assert_eq!(accepted.headers["retry-after"], "10");
    assert_eq!(accepted.json["id"], "order-1");
    assert_called!(kit.calls_of(charge), 0);

    kit.advance(hours(47)).await;
    let waiting = desk.get(STATUS).await;
    assert_eq!(waiting.status, 202);
    assert_eq!(waiting.json["runtimeStatus"], "Running");
    assert_eq!(waiting.json["customStatus"], "AwaitingApproval");
    let inventory = desk.get("/durable/entities/inventory/main").await;
    assert_eq!(inventory.json["stock"]["cd"], 4_970);

    let raised = desk.post(APPROVAL, r#"{"approved":true}"#).await;
    assert_eq!(raised.status, 202);
    kit.settle().await;
    let done = desk.get(STATUS).await;
    assert_eq!(done.status, 200);
    assert_eq!(done.json["runtimeStatus"], "Completed");
    assert_eq!(done.json["output"]["cds"], 30);
}

#[tokio::test]
async fn an_order_that_is_denied_is_refunded_whoever_denies_it() {
    let kit = kit();
    let desk = Desk::of(&kit).await;
    desk.post("/orders", ORDER).await;
    kit.settle().await;
    desk.post(APPROVAL, r#"{"approved":false}"#).await;
    kit.settle().await;
    let failed = desk.get(STATUS).await;
    assert_eq!(failed.json["runtimeStatus"], "Failed");
    let told = "the order was denied by somebody and refunded";
    assert_eq!(failed.json["output"], told);
    assert_called!(kit.calls_of(refund), 1);
}

#[tokio::test]
async fn an_order_that_is_sent_again_is_the_same_order() {
    let kit = kit();
    let desk = Desk::of(&kit).await;
    let first = desk.post("/orders", ORDER).await;
    kit.settle().await;
    let again = desk.post("/orders", ORDER).await;
    assert_eq!(again.status, 202);
    assert_eq!(again.json, first.json);
    kit.settle().await;
    assert_called!(kit.calls_of(charge), 1);

    let other = desk.post("/orders", &ORDER.replace("440.10", "1.00")).await;
    assert_eq!(other.status, 409);
    let told = "there is another order `order-1` already";
    assert_eq!(other.json["detail"], told);
}

#[tokio::test]
async fn what_is_no_order_is_told_why() {
    let kit = kit();
    let desk = Desk::of(&kit).await;
    for (right, wrong, told) in [
        (
            "440.10",
            "ten",
            "dollars is \"ten\", not an amount of dollars and cents",
        ),
        (
            "\"440.10\"",
            "440.10",
            "dollars: invalid type: floating point",
        ),
        (
            "1997-01-01",
            "yesterday",
            "date is \"yesterday\", not yyyy-mm-dd",
        ),
        ("30", "many", "expected value"),
        ("30", "-1", "cds: invalid value: integer `-1`"),
        ("customer_id", "customer", "missing field `customer_id`"),
        ("order-1", "a/b", "invalid instance id \"a/b\""),
        ("}", "", "EOF while parsing"),
    ] {
        let reply = desk.post("/orders", &ORDER.replace(right, wrong)).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert_eq!(reply.json["status"], 400);
        let detail = reply.json["detail"].as_str().unwrap();
        assert!(detail.contains(told), "{detail}");
    }
    let untyped = Request::post("/orders").body(Body::from(ORDER)).unwrap();
    assert_eq!(desk.send(untyped).await.status, 415);
    let large = ORDER.replace("order-1", &"o".repeat(20_000));
    assert_eq!(desk.post("/orders", &large).await.status, 413);
    assert_eq!(desk.get("/orders").await.status, 405);
    assert_eq!(
        desk.get("/durable/instances").await.json,
        Value::Array(vec![])
    );
}
