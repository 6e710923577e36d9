//! A server on the network, and its end.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use durable_runtime::http::Management;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::server::Server;

async fn ask(address: SocketAddr, head: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request =
        format!("{head} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn streams_and_long_waits_end_when_the_server_shuts_down() {
    let server = Server::start().await;
    server.waiting_order("o-1").await;
    let management = Management::new(server.client());
    let closing = management.closing();
    let app = Router::new().nest("/durable", management.router());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let signal = async move {
            let _stopped = stopped.await;
            closing.close();
        };
        axum::serve(listener, app)
            .with_graceful_shutdown(signal)
            .await
    });

    let mut stream = ask(address, "GET /durable/instances/o-1/events", "").await;
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("event: status") {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
    }
    let head = "POST /durable/orchestrators/approved_order/o-2?timeout=200";
    let mut waiting = ask(address, head, "3").await;
    server.until("o-1", |row| row.custom_status.is_some()).await;
    server.until_there("o-2").await;

    stop.send(()).unwrap();
    let limit = Duration::from_mins(1);
    tokio::time::timeout(limit, stream.read_to_end(&mut seen))
        .await
        .unwrap()
        .unwrap();
    let mut reply = Vec::new();
    tokio::time::timeout(limit, waiting.read_to_end(&mut reply))
        .await
        .unwrap()
        .unwrap();
    let reply = String::from_utf8(reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 202"), "{reply}");
    tokio::time::timeout(limit, serving)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}
