//! `POST /instances/{id}/terminate`, `/cancel`, `/suspend`, `/resume`, `/rewind`, `/restart`

use axum::http::Request;
use durable_runtime::work::InstanceStatus;

use super::server::Server;

#[tokio::test]
async fn an_instance_is_suspended_resumed_and_terminated() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    for (verb, status) in [
        ("suspend", InstanceStatus::Suspended),
        ("resume", InstanceStatus::Running),
        ("terminate", InstanceStatus::Terminated),
    ] {
        let path = format!("/durable/instances/o-1/{verb}?reason=because");
        let reply = server.post(&path, "").await;
        assert_eq!((reply.status, reply.body.as_str()), (202, ""), "{verb}");
        if !status.is_terminal() {
            // What was accepted shows at the first look.
            let shown = server.get("/durable/instances/o-1").await.json();
            assert_eq!(shown["runtimeStatus"], status.to_string());
        }
        server.until_status("o-1", status).await;
    }
    for verb in ["suspend", "resume", "terminate"] {
        let gone = server
            .post(&format!("/durable/instances/o-1/{verb}"), "")
            .await;
        assert_eq!(gone.status, 410, "{verb}");
        assert_eq!(gone.message(), "instance `o-1` is Terminated already");
        let missing = server
            .post(&format!("/durable/instances/o-2/{verb}"), "")
            .await;
        assert_eq!(missing.status, 404, "{verb}");
    }
}

#[tokio::test]
async fn only_what_has_failed_could_be_rewound() {
    let server = Server::start().await;
    server.ended_order("failed", 10).await;
    server.ended_order("completed", 1).await;
    server.waiting_order("running").await;
    for (id, status) in [
        ("missing", 404),
        ("completed", 412),
        ("running", 412),
        ("failed", 501),
    ] {
        let path = format!("/durable/instances/{id}/rewind?reason=fixed");
        assert_eq!(server.post(&path, "").await.status, status, "{id}");
    }
}

/// As the client of the npm package `durable-functions` asks: it shows what is refused where that is text.
#[tokio::test]
async fn what_cannot_be_rewound_is_told_in_text_to_those_that_take_text() {
    let server = Server::start().await;
    server.ended_order("failed", 10).await;
    server.ended_order("completed", 1).await;
    for (id, status, says) in [
        ("missing", 404, "there is no instance `missing`"),
        (
            "completed",
            412,
            "instance `completed` is Completed, and only a failed instance can be rewound",
        ),
        (
            "failed",
            501,
            "this version cannot rewind: restart the instance instead",
        ),
    ] {
        let path = format!("/durable/instances/{id}/rewind?reason=fixed");
        let as_npm_asks =
            Request::post(&path).header("accept", "application/json, text/plain, */*");
        let reply = server.send(as_npm_asks, "").await;
        assert_eq!((reply.status, reply.body.as_str()), (status, says));
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        let as_curl_asks = Request::post(&path).header("accept", "*/*");
        assert_eq!(server.send(as_curl_asks, "").await.message(), says);
        let both = Request::post(&path).header("accept", "text/plain, application/problem+json");
        assert_eq!(server.send(both, "").await.message(), says);
    }
}

#[tokio::test]
async fn an_instance_is_cancelled_within_its_grace() {
    let server = Server::start().await;
    let start = server
        .post("/durable/orchestrators/cancellable/c-1", "")
        .await;
    assert_eq!(start.status, 202);
    let bad = server
        .post("/durable/instances/c-1/cancel?grace=soon", "")
        .await;
    assert_eq!(bad.status, 400);
    assert_eq!(
        bad.message(),
        "the query parameter `grace` is to be a number of seconds"
    );
    // More than any clock shows.
    let told = server
        .post("/durable/instances/c-1/cancel?grace=1e300", "")
        .await;
    assert_eq!((told.status, told.body.as_str()), (202, ""));
    server.until_status("c-1", InstanceStatus::Canceled).await;
    let gone = server.post("/durable/instances/c-1/cancel", "").await;
    assert_eq!(gone.status, 410);
    let missing = server.post("/durable/instances/c-2/cancel", "").await;
    assert_eq!(missing.status, 404);

    // What does not end in time is terminated.
    server.waiting_order("o-1").await;
    let told = server
        .post("/durable/instances/o-1/cancel?grace=0", "")
        .await;
    assert_eq!(told.status, 202);
    server.until_status("o-1", InstanceStatus::Terminated).await;
}

#[tokio::test]
async fn an_instance_is_restarted_under_a_new_id_or_its_own() {
    let server = Server::start().await;
    server.ended_order("o-1", 3).await;
    let reply = server.post("/durable/instances/o-1/restart", "").await;
    assert_eq!(reply.status, 202);
    assert_eq!(reply.header("retry-after"), Some("10"));
    let json = reply.json();
    let id = json["id"].as_str().unwrap();
    assert_ne!(id, "o-1");
    assert_eq!(reply.header("location"), json["statusQueryGetUri"].as_str());
    server.until_status(id, InstanceStatus::Completed).await;

    let own = "restart?restartWithNewInstanceId=false";
    let reply = server
        .post(&format!("/durable/instances/o-1/{own}"), "")
        .await;
    assert_eq!(reply.status, 202);
    assert_eq!(reply.json()["id"], "o-1");
    server.until("o-1", |row| row.execution.0 == 2).await;

    server.waiting_order("o-2").await;
    let live = server
        .post(&format!("/durable/instances/o-2/{own}"), "")
        .await;
    assert_eq!(live.status, 409);
    assert_eq!(live.message(), "instance `o-2` is still Running");
    let missing = server
        .post(&format!("/durable/instances/o-3/{own}"), "")
        .await;
    assert_eq!(missing.status, 400);
    assert_eq!(missing.message(), "there is no instance `o-3`");
}

#[tokio::test]
async fn a_restart_that_was_accepted_shows_at_the_first_look() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let approve = "/durable/instances/o-1/raiseEvent/Approval";
    for by in ["Ada", "Bob"] {
        let raised = server.post(approve, &format!(r#"{{"by":"{by}"}}"#)).await;
        assert_eq!(raised.status, 202, "{by}");
        server.until_status("o-1", InstanceStatus::Completed).await;
        let restart = "/durable/instances/o-1/restart?restartWithNewInstanceId=false";
        assert_eq!(server.post(restart, "").await.status, 202);
        let reply = server.get("/durable/instances/o-1").await;
        assert_eq!(reply.status, 202);
        let shown = reply.json();
        assert!(["Pending", "Running"].contains(&shown["runtimeStatus"].as_str().unwrap()));
        assert!(shown["output"].is_null());
    }
}

#[tokio::test]
async fn a_path_or_a_method_that_is_not_there_says_so() {
    let server = Server::start().await;
    for path in ["/durable/instance", "/durable/instances/a/b/c", "/durable"] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.message(), "there is nothing at this path", "{path}");
    }
    let reply = server.get("/durable/instances/o-1/terminate").await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
    reply.message();
}
