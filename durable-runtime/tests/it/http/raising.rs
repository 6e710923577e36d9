//! `POST /instances/{id}/raiseEvent/{event}`

use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use durable_runtime::Client;
use durable_runtime::client::StoreCommands;
use durable_runtime::commands::Limits;
use durable_runtime::http::Management;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::registry::Registry;
use durable_runtime::store;
use durable_runtime::work::InstanceStatus;

use super::counting_store::CountingStore;
use super::functions::approved_order;
use super::functions::order;
use super::server::Server;

#[tokio::test]
async fn an_event_reaches_the_instance_that_waits_for_it() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let path = "/durable/instances/o-1/raiseEvent/approval";
    let request = Request::post(path).header("content-type", "Application/JSON; charset=utf-8");
    let reply = server.send(request, r#"{"by": "Ada"}"#).await;
    assert_eq!((reply.status, reply.body.as_str()), (202, ""));
    server.until_status("o-1", InstanceStatus::Completed).await;
    assert_eq!(
        server.get("/durable/instances/o-1").await.json()["output"],
        "Ada"
    );

    let gone = server.post(path, r#"{"by":"Ada"}"#).await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.message(), "instance `o-1` is Completed already");
}

#[tokio::test]
async fn an_event_that_is_not_one_is_refused() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let path = "/durable/instances/o-1/raiseEvent/Approval";
    for media_type in ["text/plain", "application/json2", ""] {
        let request = Request::post(path).header("content-type", media_type);
        let reply = server.send(request, "{}").await;
        assert_eq!(reply.status, 400, "{media_type}");
        assert!(
            reply.message().contains("application/json"),
            "{}",
            reply.message()
        );
    }
    let reply = server.send(Request::post(path), "{}").await;
    assert_eq!(reply.status, 400);
    let reply = server.post(path, "{by: Ada}").await;
    assert_eq!(reply.status, 400);
    assert!(
        reply.message().contains("the body is not JSON"),
        "{}",
        reply.message()
    );
    let long = format!("/durable/instances/o-1/raiseEvent/{}", "e".repeat(129));
    assert_eq!(server.post(&long, "{}").await.status, 400);

    let missing = server
        .post("/durable/instances/o-2/raiseEvent/Approval", "{}")
        .await;
    assert_eq!(missing.status, 404);
    let id = durable_runtime::InstanceId::new("o-1").unwrap();
    assert!(
        server
            .commands()
            .unread_events(&id)
            .await
            .unwrap()
            .is_empty()
    );
}

/// A server with an order that waits and one that has ended, whose requests go through the store that is
/// returned with it; its worker uses that store directly.
async fn counted() -> (Server, Arc<CountingStore>) {
    let opened = store::open("memory:").await.unwrap();
    let mut server = Server::with(opened.clone(), |management| management).await;
    server.waiting_order("o-1").await;
    server.ended_order("ended", 3).await;
    let mut registry = Registry::default();
    registry.register(approved_order);
    registry.register(order);
    let counting = Arc::new(CountingStore::around(opened.store));
    let commands = StoreCommands::new(
        Arc::clone(&counting) as _,
        Arc::<LocalNotifier>::default(),
        Arc::clone(&server.clock) as _,
        Limits::default(),
    );
    let client = Client::new(Arc::new(commands.code(registry.code())));
    server.app = Router::new().nest("/durable", Management::new(client).router());
    (server, counting)
}

#[tokio::test]
async fn an_event_takes_one_transaction_whatever_becomes_of_it() {
    let (server, counting) = counted().await;
    for (event, value, status) in [
        ("o-1/raiseEvent/Aproval", "1", 400),
        ("o-1/raiseEvent/Approval", "7", 400),
        ("ended/raiseEvent/Approval", r#"{"by":"Ada"}"#, 410),
        ("nobody/raiseEvent/Approval", r#"{"by":"Ada"}"#, 404),
        ("o-1/raiseEvent/Aproval?undeclared=true", "1", 202),
        ("o-1/raiseEvent/Approval", r#"{"by":"Ada"}"#, 202),
    ] {
        let path = format!("/durable/instances/{event}");
        assert_eq!(server.post(&path, value).await.status, status, "{event}");
        assert_eq!(counting.take_calls(), ["message_send"], "{event}");
    }
}

#[tokio::test]
async fn an_instance_that_takes_no_event_says_so_before_what_is_wrong_with_this_one() {
    let (server, counting) = counted().await;
    let long = "e".repeat(129);
    for (id, status) in [("ended", 410), ("nobody", 404), ("o-1", 400)] {
        let path = |event: &str| format!("/durable/instances/{id}/raiseEvent/{event}");
        let no_json = server.send(Request::post(path("Approval")), "{}").await;
        assert_eq!(no_json.status, status, "{id}");
        let broken = server.post(&path("Approval"), "{by: Ada}").await;
        assert_eq!(broken.status, status, "{id}");
        assert_eq!(server.post(&path(&long), "1").await.status, status, "{id}");
        assert_eq!(counting.take_calls(), ["instance_fetch"; 3], "{id}");
    }
}

#[tokio::test]
async fn an_event_that_is_not_declared_is_refused_and_the_declared_ones_are_named() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let path = "/durable/orchestrators/echo_later/e-1";
    assert_eq!(server.post(path, "1").await.status, 202);
    let way = "(`undeclared=true` in the query raises it all the same)";
    for (id, event, says) in [
        (
            "o-1",
            "Aproval",
            "orchestrator `approved_order` does not declare the event `Aproval`: \
             did you mean `Approval`?",
        ),
        (
            "o-1",
            "Payment",
            "orchestrator `approved_order` does not declare the event `Payment`: \
             it declares `Approval`",
        ),
        (
            "e-1",
            "Approval",
            "orchestrator `echo_later` does not declare the event `Approval`: it declares none",
        ),
    ] {
        let path = format!("/durable/instances/{id}/raiseEvent/{event}");
        for query in ["", "?undeclared=false"] {
            let reply = server.post(&format!("{path}{query}"), "1").await;
            assert_eq!(reply.status, 400, "{event}");
            assert_eq!(reply.message(), format!("{says} {way}"));
        }
    }
    let bad = "/durable/instances/o-1/raiseEvent/Approval?undeclared=perhaps";
    assert_eq!(server.post(bad, "1").await.status, 400);
    let status = server.get("/durable/instances/o-1").await.json();
    assert_eq!(status.get("unreadEvents"), None);
}

#[tokio::test]
async fn a_value_that_the_orchestrator_cannot_read_is_refused_with_the_place_of_the_mistake() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    for (event, value, says) in [
        (
            "Approval",
            r#"{"by":7}"#,
            "by: invalid type: integer `7`, expected a string",
        ),
        ("approval", "{}", "missing field `by`"),
        (
            "Approval",
            "\"Ada\"",
            "invalid type: string \"Ada\", expected struct Approval",
        ),
        // Without a body `null` is raised.
        (
            "Approval",
            "",
            "invalid type: null, expected struct Approval",
        ),
    ] {
        let path = format!("/durable/instances/o-1/raiseEvent/{event}");
        let reply = server.post(&path, value).await;
        assert_eq!(reply.status, 400, "{value}");
        let expected = format!(
            "the value of the event `Approval` is not what `approved_order` takes: {says} \
             (`undeclared=true` in the query raises it all the same)"
        );
        assert_eq!(reply.message(), expected);
    }
    let path = "/durable/instances/o-1/raiseEvent/Approval";
    let raised = server.post(&format!("{path}?undeclared=true"), "7").await;
    assert_eq!(raised.status, 202);
    assert_eq!(server.post(path, r#"{"by":"Ada"}"#).await.status, 202);
    server.until_status("o-1", InstanceStatus::Completed).await;
    let status = server.get("/durable/instances/o-1").await.json();
    assert_eq!(status["output"], "Ada");
}

#[tokio::test]
async fn an_event_that_nobody_reads_shows_in_the_status_and_in_the_history() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    for (event, value) in [("Aproval", "1"), ("Aproval", "2")] {
        let path = format!("/durable/instances/o-1/raiseEvent/{event}?undeclared=true");
        assert_eq!(server.post(&path, value).await.status, 202);
    }
    let status = server.get("/durable/instances/o-1").await.json();
    assert_eq!(status["unreadEvents"], 2);
    let path = "/durable/instances/o-1/raiseEvent/Approval";
    assert_eq!(server.post(path, r#"{"by":"Ada"}"#).await.status, 202);
    server.until_status("o-1", InstanceStatus::Completed).await;

    let path = "/durable/instances/o-1?showHistory=true&showHistoryOutput=true";
    let status = server.get(path).await.json();
    assert_eq!(status["unreadEvents"], 2);
    let at = "2026-11-25T03:00:00Z";
    let raised = |name: &str, input: serde_json::Value| serde_json::json!({"EventType": "EventRaised", "Name": name, "Timestamp": at, "Input": input});
    let unread = |input: i32| {
        let mut entry = raised("Aproval", input.into());
        entry["Unread"] = true.into();
        entry
    };
    let history = status["historyEvents"].as_array().unwrap();
    let events: Vec<_> = history
        .iter()
        .filter(|entry| entry["EventType"] == "EventRaised")
        .cloned()
        .collect();
    let read = raised("Approval", serde_json::json!({"by": "Ada"}));
    assert_eq!(events, [unread(1), unread(2), read]);
    let hidden = server.get("/durable/instances/o-1?showHistory=true").await;
    assert!(!hidden.body.contains("Ada\"}"), "{}", hidden.body);

    let kept = server.get("/durable/instances/o-1").await.json();
    assert_eq!(kept["unreadEvents"], 2);
}

#[tokio::test]
async fn an_event_that_waits_for_a_suspended_instance_is_unread() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let path = "/durable/instances/o-1";
    assert_eq!(
        server.post(&format!("{path}/suspend"), "").await.status,
        202
    );
    let event = format!("{path}/raiseEvent/approval");
    assert_eq!(server.post(&event, r#"{"by":"Ada"}"#).await.status, 202);
    let status = server.get(&format!("{path}?showHistory=true")).await.json();
    assert_eq!(status["unreadEvents"], 1);
    let last = status["historyEvents"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["Name"], &last["Unread"]),
        (&"approval".into(), &true.into())
    );

    assert_eq!(server.post(&format!("{path}/resume"), "").await.status, 202);
    server.until_status("o-1", InstanceStatus::Completed).await;
    let status = server.get(path).await.json();
    assert_eq!(status.get("unreadEvents"), None);
}
