//! `GET /instances/{id}`: byte for byte.

use std::time::Duration;

use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use serde_json::Value;
use serde_json::json;

use super::functions::CancellableClient;
use super::functions::OrderClient;
use super::server::Server;

const WAITING: &str = r#"{"name":"approved_order","instanceId":"o-1","runtimeStatus":"Running","input":3,"customStatus":"3 items wait","output":null,"createdTime":"2026-11-25T03:00:00Z","lastUpdatedTime":"2026-11-25T03:00:00Z"}"#;

fn ended(status: &str, input: &str, output: &str) -> String {
    format!(
        r#"{{"name":"order","instanceId":"o-1","runtimeStatus":"{status}","input":{input},"customStatus":null,"output":{output},"createdTime":"2026-11-25T03:00:00Z","lastUpdatedTime":"2026-11-25T03:00:00Z"}}"#
    )
}

#[tokio::test]
async fn what_runs_is_accepted_and_looked_at_again() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let reply = server.get("/durable/instances/o-1").await;
    assert_eq!((reply.status, reply.body.as_str()), (202, WAITING));
    let location = "http://localhost:8080/durable/instances/o-1";
    assert_eq!(reply.header("location"), Some(location));
    assert_eq!(reply.header("retry-after"), Some("5"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn what_has_not_begun_is_pending() {
    let server = Server::start().await;
    let orders = OrderClient::new(server.client());
    orders.start(3).id("o-1").delay(hours(1)).await.unwrap();
    let reply = server.get("/durable/instances/o-1").await;
    let expected = ended("Pending", "3", "null");
    assert_eq!((reply.status, reply.body), (202, expected));
}

#[tokio::test]
async fn what_has_completed_shows_its_output() {
    let server = Server::start().await;
    server.ended_order("o-1", 3).await;
    let reply = server.get("/durable/instances/o-1").await;
    assert_eq!(
        (reply.status, reply.body.clone()),
        (200, ended("Completed", "3", "3"))
    );
    assert_eq!(reply.header("location"), None);
    assert_eq!(reply.header("retry-after"), None);
    let reply = server.get("/durable/instances/o-1?SHOWINPUT=False").await;
    assert_eq!(reply.body, ended("Completed", "null", "3"));
}

#[tokio::test]
async fn what_has_failed_is_found_unless_that_is_to_be_an_error() {
    let server = Server::start().await;
    server.ended_order("o-1", 10).await;
    let expected = ended("Failed", "10", "\"10 items are too many\"");
    let reply = server.get("/durable/instances/o-1").await;
    assert_eq!((reply.status, &reply.body), (200, &expected));
    let asked = "/durable/instances/o-1?returnInternalServerErrorOnFailure=true";
    let reply = server.get(asked).await;
    assert_eq!((reply.status, &reply.body), (500, &expected));
}

#[tokio::test]
async fn what_was_terminated_shows_the_reason() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    server.clock.advance(Duration::from_millis(90_500));
    let path = "/durable/instances/o-1/terminate?reason=not+wanted";
    assert_eq!(server.post(path, "").await.status, 202);
    server.until_status("o-1", InstanceStatus::Terminated).await;
    let reply = server.get("/durable/instances/o-1").await;
    let expected = WAITING
        .replace("Running", "Terminated")
        .replace(r#""output":null"#, r#""output":"not wanted""#)
        .replace(
            r#""lastUpdatedTime":"2026-11-25T03:00:00Z""#,
            r#""lastUpdatedTime":"2026-11-25T03:01:30Z""#,
        );
    assert_eq!((reply.status, reply.body), (200, expected));
}

#[tokio::test]
async fn what_is_suspended_and_what_was_cancelled_say_so() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    assert_eq!(
        server
            .post("/durable/instances/o-1/suspend", "")
            .await
            .status,
        202
    );
    server.until_status("o-1", InstanceStatus::Suspended).await;
    let reply = server.get("/durable/instances/o-1").await;
    let expected = WAITING.replace("Running", "Suspended");
    assert_eq!((reply.status, reply.body), (202, expected));

    let client = CancellableClient::new(server.client());
    client
        .start()
        .id("c")
        .await
        .unwrap()
        .cancel()
        .wait()
        .await
        .unwrap();
    let reply = server.get("/durable/instances/c").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["runtimeStatus"], "Canceled");
    assert_eq!(reply.json()["output"], "cancelled");
}

#[tokio::test]
async fn what_is_missing_is_not_found_in_both_forms() {
    let server = Server::start().await;
    let reply = server.get("/durable/instances/o-1").await;
    let expected = r#"{"Message":"there is no instance `o-1`","type":"about:blank","title":"Not Found","status":404,"detail":"there is no instance `o-1`"}"#;
    assert_eq!((reply.status, reply.body.as_str()), (404, expected));
    assert_eq!(reply.header("content-type"), Some("application/json"));

    let request = axum::http::Request::get("/durable/instances/o-1");
    let request = request.header("accept", "text/html, application/problem+json;q=0.9");
    let reply = server.send(request, "").await;
    assert_eq!((reply.status, reply.body.as_str()), (404, expected));
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json")
    );
}

#[tokio::test]
async fn a_history_has_what_was_scheduled_in_what_completed() {
    let server = Server::start().await;
    server
        .post("/durable/orchestrators/echo_later/o-1", "{\"a\": 1}")
        .await;
    server.until_status("o-1", InstanceStatus::Running).await;
    let live = server
        .get("/durable/instances/o-1?showHistory=true")
        .await
        .json();
    let expected = serde_json::json!([
        {"EventType": "ExecutionStarted", "FunctionName": "echo_later", "Timestamp": "2026-11-25T03:00:00Z"},
        {"EventType": "TimerCreated", "Timestamp": "2026-11-25T03:00:00Z", "FireAt": "2026-11-26T03:00:00Z"},
    ]);
    assert_eq!(live["historyEvents"], expected);

    server.clock.advance(Duration::from_hours(24));
    server.until_status("o-1", InstanceStatus::Completed).await;
    let without = server.get("/durable/instances/o-1?showHistory=true").await;
    let history = concat!(
        r#","historyEvents":[{"EventType":"ExecutionStarted","FunctionName":"echo_later","Timestamp":"2026-11-25T03:00:00Z"},"#,
        r#"{"EventType":"TimerFired","ScheduledTime":"2026-11-25T03:00:00Z","Timestamp":"2026-11-26T03:00:00Z","FireAt":"2026-11-26T03:00:00Z"},"#,
        r#"{"EventType":"SubOrchestrationInstanceCompleted","FunctionName":"order","ScheduledTime":"2026-11-26T03:00:00Z","Timestamp":"2026-11-26T03:00:00Z"},"#,
        r#"{"EventType":"ExecutionCompleted","Timestamp":"2026-11-26T03:00:00Z","OrchestrationStatus":"Completed"}]}"#,
    );
    assert!(without.body.ends_with(history), "{}", without.body);

    let with = server
        .get("/durable/instances/o-1?showHistory=true&showHistoryOutput=true")
        .await;
    let history = concat!(
        r#","historyEvents":[{"EventType":"ExecutionStarted","FunctionName":"echo_later","Timestamp":"2026-11-25T03:00:00Z","Input":{"a":1}},"#,
        r#"{"EventType":"TimerFired","ScheduledTime":"2026-11-25T03:00:00Z","Timestamp":"2026-11-26T03:00:00Z","FireAt":"2026-11-26T03:00:00Z"},"#,
        r#"{"EventType":"SubOrchestrationInstanceCompleted","FunctionName":"order","ScheduledTime":"2026-11-26T03:00:00Z","Timestamp":"2026-11-26T03:00:00Z","Result":1},"#,
        r#"{"EventType":"ExecutionCompleted","Timestamp":"2026-11-26T03:00:00Z","OrchestrationStatus":"Completed","Result":{"a":1}}]}"#,
    );
    assert!(with.body.ends_with(history), "{}", with.body);
}

#[tokio::test]
async fn a_history_shows_activities_and_why_they_failed() {
    let server = Server::start().await;
    server.ended_order("o-1", 10).await;
    let path = "/durable/instances/o-1?showHistory=true&showHistoryOutput=true";
    let history = &server.get(path).await.json()["historyEvents"];
    let at = "2026-11-25T03:00:00Z";
    let expected = serde_json::json!([
        {"EventType": "ExecutionStarted", "FunctionName": "order", "Timestamp": at, "Input": 10},
        {"EventType": "TaskFailed", "FunctionName": "pick", "ScheduledTime": at, "Timestamp": at, "Reason": "10 items are too many"},
        {"EventType": "ExecutionCompleted", "Timestamp": at, "OrchestrationStatus": "Failed", "Result": "10 items are too many"},
    ]);
    assert_eq!(history, &expected);
}

#[tokio::test]
async fn the_attempts_of_a_long_activity_and_its_progress_show_where_they_are_asked_for() {
    let server = Server::start().await;
    let path = "/durable/orchestrators/long_upload/u-1";
    assert_eq!(server.post(path, "").await.status, 202);
    let path = "/durable/instances/u-1?showActivities=true";
    let until = async |is: fn(&Value) -> bool| {
        loop {
            let status = server.get(path).await.json();
            if is(&status["activities"]) {
                return status["activities"].clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let mut failed = until(|activities| activities[0]["attempt"] == 2).await;
    let next = failed[0]["nextAttemptTime"].take();
    let next = next.as_str().unwrap();
    assert!(
        "2026-11-25T03:00:00Z" < next && next <= "2026-11-25T04:00:00Z",
        "{next}"
    );
    let mut expected = json!([{
        "name": "upload",
        "scheduledTime": "2026-11-25T03:00:00Z",
        "attempt": 2,
        "lastError": "42 items are too many",
        "nextAttemptTime": null,
        "progress": 41
    }]);
    assert_eq!(failed, expected);

    server.clock.advance(hours(1));
    let again = until(|activities| activities[0].get("nextAttemptTime").is_none()).await;
    let entry = expected[0].as_object_mut().unwrap();
    entry.remove("nextAttemptTime");
    assert_eq!(again, expected);
    let plain = server.get("/durable/instances/u-1").await.json();
    assert_eq!(plain.get("activities"), None);
    let bad = "/durable/instances/u-1?showActivities=all";
    assert_eq!(server.get(bad).await.status, 400);

    server.ended_order("o-1", 3).await;
    let ended = "/durable/instances/o-1?showActivities=true";
    assert_eq!(server.get(ended).await.json()["activities"], json!([]));
}
