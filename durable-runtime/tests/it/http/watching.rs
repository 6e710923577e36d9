//! `GET /instances/{id}/events`

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use durable_runtime::http::Key;
use durable_runtime::http::Scope;
use futures::StreamExt;
use tower::ServiceExt;

use super::functions::approved_order;
use super::server::Server;

async fn open(server: &Server, id: &str, last: Option<&str>) -> Response {
    let mut request = Request::get(format!("/durable/instances/{id}/events"));
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let request = request.extension(ConnectInfo(peer));
    let request = request.body(Body::empty()).unwrap();
    server.app.clone().oneshot(request).await.unwrap()
}

/// The rest of a stream.
async fn read(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX);
    let body = tokio::time::timeout(Duration::from_mins(1), body)
        .await
        .unwrap();
    String::from_utf8(body.unwrap().to_vec()).unwrap()
}

fn field<'a>(event: &'a str, name: &str) -> &'a str {
    let line = event.lines().find(|line| line.starts_with(name));
    line.unwrap()
        .strip_prefix(name)
        .unwrap()
        .trim_start_matches(':')
        .trim()
}

#[tokio::test]
async fn each_status_is_an_event_and_the_last_one_ends_the_stream() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let response = open(&server, "o-1", None).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let first = stream.next().await.unwrap().unwrap();
    let first = std::str::from_utf8(&first).unwrap();
    assert_eq!(field(first, "event"), "status");
    let shown: serde_json::Value = serde_json::from_str(field(first, "data")).unwrap();
    assert_eq!(shown, server.get("/durable/instances/o-1").await.json());

    server
        .post(
            "/durable/instances/o-1/raiseEvent/Approval",
            r#"{"by":"Ada"}"#,
        )
        .await;
    let rest = stream.map(|chunk| chunk.unwrap()).collect::<Vec<_>>();
    let rest = tokio::time::timeout(Duration::from_mins(1), rest)
        .await
        .unwrap()
        .concat();
    let rest = String::from_utf8(rest).unwrap();
    let last = rest.trim_end().rsplit("\n\n").next().unwrap();
    let shown: serde_json::Value = serde_json::from_str(field(last, "data")).unwrap();
    assert_eq!(shown["runtimeStatus"], "Completed");
    assert_eq!(shown["output"], "Ada");

    // A browser connects anew, and is told that there is nothing more.
    let again = open(&server, "o-1", Some(field(last, "id"))).await;
    assert_eq!(again.status(), 204);
    let anew = read(open(&server, "o-1", None).await).await;
    assert_eq!(anew.trim_end(), last);
}

#[tokio::test]
async fn what_is_missing_has_no_events() {
    let server = Server::start().await;
    assert_eq!(open(&server, "o-1", None).await.status(), 404);
}

#[tokio::test]
async fn a_stream_ends_when_its_instance_is_purged() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let response = open(&server, "o-1", None).await;
    server.post("/durable/instances/o-1/terminate", "").await;
    server
        .until_status("o-1", durable_runtime::work::InstanceStatus::Terminated)
        .await;
    assert_eq!(server.delete("/durable/instances/o-1").await.status, 200);
    // Nothing was read yet, so the stream may have seen either.
    assert!(read(response).await.starts_with("event: status\n"));
}

#[tokio::test]
async fn a_stream_ends_when_the_link_that_opened_it_does() {
    let key = "reader-0123456789-0123456789-0123456789";
    let lifetime = Duration::from_mins(1);
    let server = Server::with("memory:", |management| {
        let key = Key::new(key, [Scope::Start, Scope::Read]).unwrap();
        management.key(key).link_lifetime(lifetime)
    })
    .await;
    let start = Request::post("/durable/orchestrators/approved_order/o-1")
        .header("x-functions-key", key)
        .body(Body::from("3"));
    let started = server.send_as_is(start.unwrap()).await;
    let (_, code) = started
        .header("location")
        .unwrap()
        .split_once("code=")
        .unwrap();
    server.until("o-1", |row| row.custom_status.is_some()).await;

    let by_link = Request::get(format!("/durable/instances/o-1/events?code={code}"));
    let by_link = by_link.body(Body::empty()).unwrap();
    let by_link = server.app.clone().oneshot(by_link).await.unwrap();
    assert_eq!(by_link.status(), 200);
    let by_key = Request::get("/durable/instances/o-1/events").header("x-functions-key", key);
    let by_key = by_key.body(Body::empty()).unwrap();
    let by_key = server.app.clone().oneshot(by_key).await.unwrap();
    assert_eq!(by_key.status(), 200);
    let mut by_key = by_key.into_body().into_data_stream();
    by_key.next().await.unwrap().unwrap();

    server.clock.advance(lifetime);
    let seen = read(by_link).await;
    assert!(seen.contains("event: status"), "{seen}");
    // Whoever has a key goes on.
    let raise = Request::post("/durable/instances/o-1/terminate").header("x-functions-key", key);
    let refused = server.send_as_is(raise.body(Body::empty()).unwrap()).await;
    assert_eq!(refused.status, 403);
    let instance = server.client().instance("o-1").of::<approved_order>();
    instance.terminate("enough").await.unwrap();
    let rest: Vec<_> = by_key.map(|chunk| chunk.unwrap()).collect().await;
    let rest = String::from_utf8(rest.concat()).unwrap();
    assert!(rest.contains("Terminated"), "{rest}");
}
