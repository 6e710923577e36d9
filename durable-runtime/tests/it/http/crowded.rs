//! A server with few connections, some of whose requests wait.

use std::future::IntoFuture;
use std::net::SocketAddr;

use durable_runtime::http::ConnectionLimits;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::serve;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use super::server::Server;

async fn send(address: SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// The whole answer.
async fn ask(address: SocketAddr, head: &str, body: &str) -> String {
    let mut answer = String::new();
    let mut stream = send(address, head, body).await;
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A stream of the statuses of an instance, with the first one read.
async fn watch(address: SocketAddr, id: &str) -> TcpStream {
    let head = format!("GET /durable/instances/{id}/events");
    let mut stream = send(address, &head, "").await;
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("event: status") {
        let read = stream.read_buf(&mut seen).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
    }
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.starts_with("HTTP/1.1 200"), "{seen}");
    stream
}

#[tokio::test]
async fn requests_that_wait_leave_connections_to_the_others() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut limits = ConnectionLimits::default();
    limits.connections = 4;
    let all = serve(listener, server.app.clone()).limits(limits);
    tokio::spawn(all.into_future());

    let mut first = watch(address, "o-1").await;
    let _second = watch(address, "o-1").await;
    let start = "POST /durable/orchestrators/approved_order/o-2?timeout=200";
    let _third = send(address, start, "3").await;
    server.until_there("o-2").await;

    for (head, body) in [
        ("GET /durable/instances/o-1/events", ""),
        (
            "POST /durable/orchestrators/approved_order/o-3?timeout=200",
            "3",
        ),
    ] {
        let refused = ask(address, head, body).await;
        assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    }
    let ended = ask(address, "POST /durable/instances/o-1/terminate", "").await;
    assert!(ended.starts_with("HTTP/1.1 202"), "{ended}");

    // A stream that has ended leaves its place to another.
    first.read_to_end(&mut Vec::new()).await.unwrap();
    watch(address, "o-2").await;
}

#[test]
fn fewer_requests_may_wait_than_there_are_connections() {
    let connections = ConnectionLimits::default().connections;
    assert_eq!(HttpLimits::default().waiting, connections / 4 * 3);
}
