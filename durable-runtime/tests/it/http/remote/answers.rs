//! Servers that do not mean well, or are none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::HttpCommands;
use durable_runtime::prelude::*;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::functions::AccountClient;
use crate::http::functions::OrderClient;

const KEY: &str = "client-0123456789-0123456789-0123456789";

/// A server that says the same to everybody, and then `more` until nobody listens.
async fn saying(answer: String, more: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let more = more.repeat(4_096);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (answer, more) = (answer.clone(), more.clone());
            tokio::spawn(async move {
                let mut request = [0; 8 * 1024];
                let read = stream.read(&mut request).await;
                assert!(read.unwrap() > 0);
                // Nobody has to listen to the end.
                let mut heard = stream.write_all(answer.as_bytes()).await;
                while heard.is_ok() && !more.is_empty() {
                    heard = stream.write_all(more.as_bytes()).await;
                }
                let _ended = stream.shutdown().await;
            });
        }
    });
    address
}

fn client(address: SocketAddr) -> Client {
    let commands = HttpCommands::builder(format!("http://{address}/durable"))
        .key(KEY)
        .patience(Duration::ZERO)
        .answer_bytes(1024 * 1024)
        .build();
    Client::new(Arc::new(commands.unwrap()))
}

fn with_length(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\ncontent-type: application/json\r\n\r\n{body}"
    )
}

fn is_unexpected(error: &ClientError) -> bool {
    matches!(error, ClientError::UnexpectedAnswer { .. })
}

fn is_unreachable(error: &ClientError) -> bool {
    matches!(error, ClientError::Unreachable { .. })
}

/// Asks for much, and for each gets an error like that, which is not long and does not have the key.
async fn all_fail(address: SocketAddr, about: &str, like: fn(&ClientError) -> bool) {
    let client = client(address);
    let orders = OrderClient::new(&client);
    let order = client
        .instance(InstanceId::new("o-1").unwrap())
        .of::<crate::http::functions::order>();
    let account = AccountClient::new(&client, "ada");
    let of_result = match order.result().await {
        Err(ResultError::Client(error)) => error,
        other => panic!("{about}: {other:?}"),
    };
    let of_call = match account.deposit(1).await {
        Err(OperationError::Client(error)) => error,
        other => panic!("{about}: {other:?}"),
    };
    for error in [
        orders.start(1).await.unwrap_err(),
        order.status().await.unwrap_err(),
        order.history().await.unwrap_err(),
        order.terminate("x").await.unwrap_err(),
        order.restart().await.unwrap_err(),
        client.instances().page(10).next_page().await.unwrap_err(),
        client.instances().count().await.unwrap_err(),
        client.instances().purge().await.unwrap_err(),
        account.state().await.unwrap_err(),
        client.commands().lanes().await.unwrap_err(),
        of_result,
        of_call,
    ] {
        assert!(like(&error), "{about}: {error:?}");
        let shown = format!("{error:?} {error}");
        assert!(shown.len() < 4_000, "{about}: {shown}");
        assert!(!shown.contains(KEY), "{about}: {shown}");
        assert!(!shown.contains('\n'), "{about}: {shown}");
    }
}

#[tokio::test]
async fn what_is_not_the_api_is_an_unexpected_answer() {
    let deep = "[".repeat(500_000);
    for (about, answer) in [
        ("nothing in it", with_length("200 OK", "")),
        ("a web page", with_length("200 OK", "<html>hello</html>")),
        ("another type", with_length("200 OK", "{\"a\":1}")),
        ("a text", with_length("200 OK", &format!("\"{KEY}\""))),
        ("too deep", with_length("200 OK", &deep)),
        (
            "deep rows",
            with_length("200 OK", &format!("{{\"id\":{deep}")),
        ),
        ("no text", with_length("200 OK", "\u{0}\u{1}\u{7f}")),
        ("another status", with_length("204 No Content", "")),
        ("created", with_length("201 Created", "true")),
        (
            "not there",
            with_length("404 Not Found", "<h1>nothing</h1>"),
        ),
        (
            "not there, in JSON",
            with_length("404 Not Found", "{\"detail\":7}"),
        ),
        ("no such method", with_length("405 Method Not Allowed", "")),
        (
            "its own fault",
            with_length("500 Internal Server Error", "oops\nx"),
        ),
        (
            "an error of a later version",
            with_length(
                "418 I'm a teapot",
                "{\"detail\":\"d\",\"error\":{\"Melted\":{}}}",
            ),
        ),
        (
            "the key again",
            with_length("400 Bad Request", &format!("{{\"detail\":\"{KEY}\"}}")),
        ),
    ] {
        all_fail(saying(answer, "").await, about, is_unexpected).await;
    }
}

#[tokio::test]
async fn what_breaks_off_is_unreachable() {
    for (about, answer) in [
        ("silence", String::new()),
        ("no HTTP", "hello, who is there?\r\n\r\n".to_owned()),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-le".to_owned()),
        (
            "half a body",
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned(),
        ),
        (
            "bad chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        ),
        ("bad gateway", with_length("502 Bad Gateway", "<html>")),
        ("away", with_length("503 Service Unavailable", "")),
        (
            "away for ever",
            "HTTP/1.1 503 x\r\nretry-after: 99999999999999999\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
        ),
        ("too slow behind", with_length("504 Gateway Timeout", "")),
        (
            "many headers",
            format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(100_000)),
        ),
    ] {
        all_fail(saying(answer, "").await, about, is_unreachable).await;
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n\"";
    all_fail(
        saying(announced.to_owned(), "xxxxxxxx").await,
        "announced",
        is_unexpected,
    )
    .await;
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = "8\r\nxxxxxxxx\r\n";
    all_fail(
        saying(chunked.to_owned(), chunk).await,
        "chunked",
        is_unexpected,
    )
    .await;
    let until_closed = "HTTP/1.1 200 OK\r\n\r\n";
    all_fail(
        saying(until_closed.to_owned(), "xxxxxxxx").await,
        "open",
        is_unexpected,
    )
    .await;
    let refused = "HTTP/1.1 400 Bad Request\r\ntransfer-encoding: chunked\r\n\r\n";
    all_fail(
        saying(refused.to_owned(), chunk).await,
        "refused",
        is_unexpected,
    )
    .await;
}

/// A key goes to the server that it is for.
#[tokio::test]
async fn a_redirection_is_not_followed() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = other.local_addr().unwrap();
    for status in [
        "301 Moved",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{elsewhere}/\r\ncontent-length: 0\r\n\r\n"
        );
        all_fail(saying(answer, "").await, status, is_unexpected).await;
    }
    let nobody = std::future::poll_fn(|context| {
        std::task::Poll::Ready(other.poll_accept(context).is_pending())
    });
    assert!(nobody.await);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_unreachable_after_the_time_of_a_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let commands = HttpCommands::builder(format!("http://{address}"))
        .patience(Duration::ZERO)
        .request_time(Duration::from_millis(50));
    let client = Client::new(Arc::new(commands.build().unwrap()));
    let error = client.instances().count().await.unwrap_err();
    assert!(is_unreachable(&error), "{error:?}");
}

#[tokio::test]
async fn what_does_not_speak_tls_is_unreachable_by_https() {
    let address = saying(with_length("200 OK", "0"), "").await;
    let commands = HttpCommands::builder(format!("https://{address}"))
        .key(KEY)
        .patience(Duration::ZERO);
    let client = Client::new(Arc::new(commands.build().unwrap()));
    let error = client.instances().count().await.unwrap_err();
    assert!(is_unreachable(&error), "{error:?}");
}
