//! `POST /instances/{id}/raiseEvent/{event}`

use axum::http::Request;
use durable_runtime::work::InstanceStatus;

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
