//! Connections to a server: those that send slowly, or nothing.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::routing::get;
use axum::routing::post;
use durable_runtime::http::ConnectionLimits;
use durable_runtime::http::serve;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than any test takes.
const LONG: Duration = Duration::from_hours(1);

/// So short that it is over before the test looks.
const SHORT: Duration = Duration::from_millis(20);

/// A server and what stops it.
struct Serving {
    address: SocketAddr,
    /// Told when a request to `/unread` or `/read` has begun.
    begun: Arc<Notify>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Serving {
    async fn start(configure: impl FnOnce(&mut ConnectionLimits)) -> Self {
        let begun = Arc::new(Notify::new());
        let (unread, read) = (Arc::clone(&begun), Arc::clone(&begun));
        let app = Router::new()
            .route("/", get(|| async { "here" }))
            .route(
                "/who",
                get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
            )
            .route("/much", get(|| async { vec![b'x'; 64 << 20] }))
            .route(
                "/length",
                post(|body: Bytes| async move { body.len().to_string() }),
            )
            .route(
                "/unread",
                post(move |request: Request| {
                    unread.notify_one();
                    async move {
                        std::future::pending::<()>().await;
                        drop(request);
                    }
                }),
            )
            .route(
                "/read",
                post(move |request: Request| {
                    read.notify_one();
                    async move {
                        let body = axum::body::to_bytes(request.into_body(), usize::MAX);
                        body.await.unwrap()
                    }
                }),
            )
            .route("/forever", get(std::future::pending::<()>));
        let mut limits = ConnectionLimits::default();
        for time in [
            &mut limits.head_time,
            &mut limits.idle_time,
            &mut limits.body_time,
            &mut limits.write_time,
        ] {
            *time = LONG;
        }
        configure(&mut limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = serve(listener, app).limits(limits).until(async move {
            let _stopped = stopped.await;
        });
        let served = tokio::spawn(served.into_future());
        Self {
            address,
            begun,
            stop,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection that has sent this.
    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// One that has had an answer to a request and may send another.
    async fn idle(&self) -> TcpStream {
        let mut stream = self.connect().await;
        assert_eq!(ask(&mut stream, "/").await, "here");
        stream
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

/// Asks for a path and reads the answer, whose length it says.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    loop {
        assert_ne!(
            stream.read_buf(&mut seen).await.unwrap(),
            0,
            "it was closed"
        );
        let text = String::from_utf8_lossy(&seen);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.split_once("content-length: ").unwrap().1;
        let length = length.lines().next().unwrap().parse::<usize>().unwrap();
        if body.len() >= length {
            return body.to_owned();
        }
    }
}

/// What comes until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut seen = Vec::new();
    // The server may have ended it with something unread.
    let _ended = stream.read_to_end(&mut seen).await;
    String::from_utf8_lossy(&seen).into_owned()
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let server = Serving::start(|limits| limits.head_time = SHORT).await;
    assert_eq!(rest(&mut server.connect().await).await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_slow_head_is_closed_the_second_one_too() {
    // Long enough for a whole one.
    let time = Duration::from_secs(1);
    let server = Serving::start(|limits| limits.head_time = time).await;
    let mut second = server.idle().await;
    let mut first = server.send("GET / HTTP/1.1\r\nhost: loc").await;
    assert_eq!(rest(&mut first).await, "");
    second.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut second).await, "");
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_waits_for_its_answer_is_not() {
    let server = Serving::start(|limits| limits.idle_time = SHORT).await;
    let mut waiting = server
        .send("GET /forever HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    let mut idle = server.idle().await;
    assert_eq!(rest(&mut idle).await, "");
    let nothing = tokio::time::timeout(SHORT * 10, waiting.read_u8()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn a_slow_body_is_answered_with_408_and_closed() {
    let server = Serving::start(|limits| limits.body_time = SHORT).await;
    let head = "POST /length HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n";
    let mut slow = server.send(&format!("{head}12345")).await;
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(
        answer.ends_with("the body did not come in time"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_comes_in_parts_is_read_as_a_whole() {
    let server = Serving::start(|_| {}).await;
    let head = "POST /length HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let mut stream = server
        .send(&format!("{head}content-length: 9\r\n\r\n12345"))
        .await;
    stream.write_all(b"6789").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n9"),
        "{answer}"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_closed() {
    let server = Serving::start(|limits| limits.write_time = SHORT).await;
    let mut stream = server
        .send("GET /much HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    // It was closed, or else all connections would not have ended.
    server.stop().await;
    let answer = rest(&mut stream).await;
    assert!(answer.len() < 64 << 20, "{}", answer.len());
}

#[tokio::test]
async fn where_there_is_no_room_the_one_that_has_waited_longest_for_its_client_gives_way() {
    let server = Serving::start(|limits| limits.connections = 3).await;
    let mut used = server.idle().await;
    let mut first = server.connect().await;
    let mut second = server.send("GET / HT").await;
    // Of those that never asked for anything, the one that sent nothing goes first.
    let mut third = server.idle().await;
    assert_eq!(rest(&mut first).await, "");
    let mut fourth = server.idle().await;
    assert_eq!(rest(&mut second).await, "");
    let mut fifth = server.idle().await;
    assert_eq!(rest(&mut used).await, "");
    for kept in [&mut third, &mut fourth, &mut fifth] {
        assert_eq!(ask(kept, "/").await, "here");
    }
    server.stop().await;
}

#[tokio::test]
async fn where_all_are_answered_another_connection_waits_for_its_turn() {
    let server = Serving::start(|limits| limits.connections = 1).await;
    let busy = server
        .send("GET /forever HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    // Whether it is there already: the answer to another would come first otherwise.
    let mut next = server.connect().await;
    next.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    drop(busy);
    let answer = rest(&mut next).await;
    assert!(answer.ends_with("here"), "{answer}");
    server.stop().await;
}

/// That the server neither answers nor ends any of these.
async fn none_is_heard_of(streams: [&mut TcpStream; 2]) {
    for stream in streams {
        let heard = tokio::time::timeout(SHORT * 10, stream.read_u8()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

#[tokio::test]
async fn a_request_whose_body_nobody_reads_does_not_give_way() {
    let server = Serving::start(|limits| limits.connections = 1).await;
    let head = "POST /unread HTTP/1.1\r\nhost: localhost\r\n";
    let mut busy = server
        .send(&format!("{head}content-length: 4\r\n\r\nnull"))
        .await;
    server.begun.notified().await;
    let mut next = server
        .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    none_is_heard_of([&mut next, &mut busy]).await;
}

#[tokio::test]
async fn an_answer_that_is_half_read_is_not_cut_off_for_another_connection() {
    let server = Serving::start(|limits| limits.connections = 1).await;
    let close = "HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut slow = server.send(&format!("GET /much {close}")).await;
    slow.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
    let mut next = server.send(&format!("GET / {close}")).await;
    let nothing = tokio::time::timeout(SHORT * 10, next.read_u8()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    let read = (1 << 20) + rest(&mut slow).await.len();
    assert!(read > 64 << 20, "{read}");
    assert!(rest(&mut next).await.ends_with("here"));
    server.stop().await;
}

#[tokio::test]
async fn connections_stuck_in_bodies_give_way_before_one_that_is_used() {
    let server = Serving::start(|limits| limits.connections = 3).await;
    let head = "POST /read HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let part = format!("{head}content-length: 4\r\n\r\nn");
    let mut used = server.idle().await;
    let mut first = server.send(&part).await;
    server.begun.notified().await;
    let mut second = server.send(&part).await;
    server.begun.notified().await;
    let mut third = server.idle().await;
    assert_eq!(rest(&mut first).await, "");
    assert_eq!(ask(&mut used, "/").await, "here");
    assert_eq!(ask(&mut third, "/").await, "here");
    second.write_all(b"ull").await.unwrap();
    assert!(rest(&mut second).await.ends_with("\r\n\r\nnull"));
    server.stop().await;
}

#[tokio::test]
async fn handlers_know_who_asks() {
    let server = Serving::start(|_| {}).await;
    let mut stream = server.connect().await;
    let me = stream.local_addr().unwrap().to_string();
    assert_eq!(ask(&mut stream, "/who").await, me);
    server.stop().await;
}

#[tokio::test]
async fn it_stops_though_a_request_never_ends_once_its_grace_is_over() {
    let server = Serving::start(|limits| limits.grace = SHORT).await;
    let idle = server.idle().await;
    let busy = server
        .send("GET /forever HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    let begun = server.send("GET / HT").await;
    server.stop().await;
    drop((idle, busy, begun));
}
