//! `POST /orchestrators/{name}/{id?}`

use std::time::Duration;

use durable_runtime::work::InstanceStatus;

use super::server::Server;

#[tokio::test]
async fn a_start_is_accepted_with_the_management_payload() {
    let server = Server::start().await;
    let reply = server
        .post("/durable/orchestrators/approved_order/o-1", "3")
        .await;
    assert_eq!(reply.status, 202);
    assert_eq!(
        reply.header("location"),
        Some("http://localhost:8080/durable/instances/o-1")
    );
    assert_eq!(reply.header("retry-after"), Some("10"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let instance = "http://localhost:8080/durable/instances/o-1";
    let expected = [
        r#"{"id":"o-1","statusQueryGetUri":"INSTANCE","#,
        r#""sendEventPostUri":"INSTANCE/raiseEvent/{eventName}","#,
        r#""terminatePostUri":"INSTANCE/terminate?reason={text}","#,
        r#""purgeHistoryDeleteUri":"INSTANCE","#,
        r#""restartPostUri":"INSTANCE/restart","#,
        r#""suspendPostUri":"INSTANCE/suspend?reason={text}","#,
        r#""resumePostUri":"INSTANCE/resume?reason={text}","#,
        r#""rewindPostUri":"INSTANCE/rewind?reason={text}","#,
        r#""cancelPostUri":"INSTANCE/cancel"}"#,
    ];
    assert_eq!(reply.body, expected.concat().replace("INSTANCE", instance));
}

#[tokio::test]
async fn a_start_without_an_id_gets_one() {
    let server = Server::start().await;
    let reply = server.post("/durable/orchestrators/order", "3").await;
    assert_eq!(reply.status, 202);
    let json = reply.json();
    let id = json["id"].as_str().unwrap();
    assert_eq!(id.len(), 36, "{id}");
    server.until_status(id, InstanceStatus::Completed).await;
}

#[tokio::test]
async fn a_taken_id_is_a_conflict() {
    let server = Server::start().await;
    server.ended_order("o-1", 3).await;
    let reply = server.post("/durable/orchestrators/order/o-1", "3").await;
    assert_eq!(reply.status, 409);
    assert_eq!(
        reply.message(),
        "instance `o-1` already exists and is Completed"
    );
}

#[tokio::test]
async fn what_cannot_be_started_is_a_bad_request_and_nothing_is_written() {
    let server = Server::start().await;
    for (path, body, says) in [
        ("order/o-1", "{", "the body is not JSON"),
        ("order/o-1", "three", "the body is not JSON"),
        (
            "ordre/o-1",
            "3",
            "no worker of this hub has an orchestrator `ordre`",
        ),
        (
            "Stock/o-1",
            "3",
            "no worker of this hub has an orchestrator `Stock`",
        ),
        ("order/@o", "3", "it starts with `@`"),
        ("order/a%2Fb", "3", "it contains '/'"),
        ("order/.", "3", "neither `.` nor `..`"),
        ("order/%2E%2e", "3", "neither `.` nor `..`"),
        (
            "order/o-1?timeout=soon",
            "3",
            "`timeout` is to be a number of seconds",
        ),
        (
            "order/o-1?timeout=-1",
            "3",
            "`timeout` is to be a number of seconds",
        ),
        ("order/o-1?version=9", "3", "there is `1`"),
    ] {
        let reply = server
            .post(&format!("/durable/orchestrators/{path}"), body)
            .await;
        assert_eq!(reply.status, 400, "{path} {body}");
        assert!(
            reply.message().contains(says),
            "{path}: {}",
            reply.message()
        );
    }
    assert_eq!(server.get("/durable/instances").await.body, "[]");
}

#[tokio::test]
async fn the_newest_version_is_started_or_the_one_asked_for() {
    let server = Server::start().await;
    for (id, query) in [("a", ""), ("b", "?version=2")] {
        let path = format!("/durable/orchestrators/approved_order/{id}{query}");
        assert_eq!(server.post(&path, "3").await.status, 202);
        server.until(id, |row| row.version == "2").await;
    }
}

#[tokio::test]
async fn absent_null_empty_zero_and_false_are_different_inputs() {
    let server = Server::start().await;
    for (id, input, shown) in [
        ("a", "", "null"),
        ("b", "null", "null"),
        ("c", "\"\"", "\"\""),
        ("d", "0", "0"),
        ("e", "false", "false"),
    ] {
        let path = format!("/durable/orchestrators/echo/{id}?timeout=60");
        let reply = server.post(&path, input).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, shown), "{id}");
        server
            .until(id, |row| row.input.is_some() != input.is_empty())
            .await;
    }
}

#[tokio::test]
async fn a_start_that_waits_is_answered_with_the_output() {
    let server = Server::start().await;
    let path = "/durable/orchestrators/order/o-1?timeout=60&pollingInterval=1";
    let reply = server.post(path, "3").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "3"));
    assert_eq!(reply.header("location"), None);

    let path = "/durable/orchestrators/order/o-2?timeout=60";
    let reply = server.post(path, "10").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["runtimeStatus"], "Failed");
    assert_eq!(reply.json()["output"], "10 items are too many");

    let path =
        "/durable/orchestrators/order/o-3?timeout=60&returnInternalServerErrorOnFailure=true";
    assert_eq!(server.post(path, "10").await.status, 500);
}

#[tokio::test]
async fn a_start_that_waits_in_vain_is_accepted() {
    let server = Server::start().await;
    let path = "/durable/orchestrators/approved_order/o-1?timeout=60";
    let replying = server.post(path, "3");
    let waiting = async {
        server.until_there("o-1").await;
        server.until("o-1", |row| row.custom_status.is_some()).await;
        // The wait may begin after this moment, so the clock goes on until it is over.
        loop {
            server.clock.advance(Duration::from_secs(61));
            tokio::task::yield_now().await;
        }
    };
    let reply = tokio::select! {
        reply = replying => reply,
        () = waiting => unreachable!(),
    };
    assert_eq!(reply.status, 202);
    assert_eq!(reply.header("retry-after"), Some("10"));
}
