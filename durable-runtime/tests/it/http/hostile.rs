//! What no honest client sends.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::Request;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::Management;
use futures::StreamExt;
use futures::stream;

use super::server::Reply;
use super::server::Server;

/// Numbers that are the same in every run.
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % limit as u64).unwrap()
    }

    pub(super) fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length)
            .map(|_| self.number().to_le_bytes()[3])
            .collect()
    }
}

const METHODS: &[&str] = &[
    "GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "PATCH", "BREW",
];

/// The routes, and some that are none, with the method that they have.
const ROUTES: &[(&str, &str)] = &[
    ("POST", "/orchestrators/N"),
    ("POST", "/orchestrators/N/I"),
    ("GET", "/instances"),
    ("DELETE", "/instances"),
    ("GET", "/counts"),
    ("GET", "/instances/I"),
    ("DELETE", "/instances/I"),
    ("GET", "/instances/I/events"),
    ("POST", "/instances/I/raiseEvent/E"),
    ("POST", "/instances/I/terminate"),
    ("POST", "/instances/I/cancel"),
    ("POST", "/instances/I/suspend"),
    ("POST", "/instances/I/resume"),
    ("POST", "/instances/I/rewind"),
    ("POST", "/instances/I/restart"),
    ("GET", "/entities"),
    ("GET", "/entities/"),
    ("GET", "/entities/S"),
    ("GET", "/entities/S/I"),
    ("POST", "/entities/S/I"),
    ("DELETE", "/entities/S/I"),
    ("GET", "/I"),
    ("GET", "//"),
    ("GET", "/instances//I"),
    ("GET", "/instances/I/I/I/I"),
];

const NAMES: &[&str] = &[
    "order",
    "approved_order",
    "echo",
    "cancellable",
    "echo_later",
    "Order",
    "%00",
    "@",
    "order@1",
    "ordre",
];

const EVENTS: &[&str] = &[
    "Approval",
    "approval",
    "APPROVAL",
    "x",
    "%00",
    "%e2%82%ac",
    "%22",
    "a%0ab",
];

const KINDS: &[&str] = &["Stock", "stock", "STOCK", "Stick", "%40", "%00", "%0a"];

const IDS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "a%20b",
    "%ff%fe",
    "%00",
    "%0a",
    ".",
    "..",
    "%2e%2e",
    "%2F",
    "@a",
    "%40",
    "%25",
    "%",
    "%zz",
    "a;b",
    "a,b",
    "%F0%9F%92%A9",
    "%ed%a0%80",
    "'",
    "%27%20OR%201=1",
    "--",
    "%7Btext%7D",
    "%5C",
    "%23",
    "%3F",
    "\u{e9}",
];

const KEYS: &[&str] = &[
    "timeout",
    "pollingInterval",
    "runtimeStatus",
    "createdTimeFrom",
    "createdTimeTo",
    "instanceIdPrefix",
    "showInput",
    "top",
    "showHistory",
    "showHistoryOutput",
    "reason",
    "restartWithNewInstanceId",
    "fetchState",
    "lastOperationTimeFrom",
    "lastOperationTimeTo",
    "op",
    "code",
    "version",
    "taskHub",
    "connection",
    "",
];

const VALUES: &[&str] = &[
    "",
    "true",
    "false",
    "TRUE",
    "1",
    "0",
    "-1",
    "1e309",
    "NaN",
    "inf",
    "-inf",
    "0.5",
    "99999999999999999999",
    "Running",
    "Failed,Completed",
    ",",
    "ContinuedAsNew",
    "2026-11-25T03:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "-009999-01-01T00:00:00Z",
    "+275760-09-13T00:00:00Z",
    "0000-00-00",
    "add",
    "delete_state",
    "%00",
    "%ff",
    "%",
    "a%25b_%",
    "%F0%9F%92%A9",
    "{text}",
    "1.AAAA",
    "2",
    "%0d%0aSet-Cookie:x",
];

const BODIES: &[&str] = &[
    "",
    "3",
    "10",
    "-1",
    "null",
    "\"\"",
    "{}",
    "[]",
    "{\"by\":\"Ada\"}",
    "{\"by\":1}",
    "{\"by\":\"\\u0000\"}",
    "1e999",
    "\"\\ud800\"",
    "{",
    "[1,]",
    "nul",
    "\u{feff}1",
    " \r\n\t 1 \r\n",
    "{\"a\":\r\n1}",
    "18446744073709551616",
    "{\"a\":1,\"a\":2}",
    "'",
    "\u{0}",
    "NaN",
];

const MEDIA_TYPES: &[&str] = &[
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "",
    ";",
    "application/x-www-form-urlencoded",
];

fn segment(draw: &mut Draw, known: &[&str]) -> String {
    match draw.below(16) {
        0 => {
            let bytes = draw.bytes(12);
            bytes
                .iter()
                .fold(String::new(), |text, byte| format!("{text}%{byte:02x}"))
        }
        1 => "x".repeat(draw.below(400)),
        _ => draw.of(known).to_owned(),
    }
}

fn path(draw: &mut Draw, template: &str) -> String {
    let template = template.split('/').map(|part| match part {
        "N" => segment(draw, NAMES),
        "I" => segment(draw, IDS),
        "E" => segment(draw, EVENTS),
        "S" => segment(draw, KINDS),
        part => part.to_owned(),
    });
    let path = template.collect::<Vec<_>>().join("/");
    let pairs = (0..draw.below(4)).map(|_| format!("{}={}", draw.of(KEYS), draw.of(VALUES)));
    let query = pairs.collect::<Vec<_>>().join("&");
    format!("/durable{path}?{query}")
}

fn body(draw: &mut Draw) -> Vec<u8> {
    match draw.below(8) {
        0 => draw.bytes(64),
        1 => "[".repeat(draw.below(3_000)).into_bytes(),
        2 => format!("{}1{}", "[".repeat(70), "]".repeat(70)).into_bytes(),
        3 => vec![b' '; draw.below(6_000)],
        4 => {
            let mut body = br#"{"by":"Ada","items":[1,2,{"a":null}]}"#.to_vec();
            let at = draw.below(body.len());
            body[at] = draw.number().to_le_bytes()[2];
            body
        }
        _ => draw.of(BODIES).as_bytes().to_vec(),
    }
}

/// A request; none where HTTP itself does not have it.
fn request(draw: &mut Draw) -> Option<Request<Body>> {
    let (method, template) = draw.of(ROUTES);
    let method = if draw.below(8) == 0 {
        draw.of(METHODS)
    } else {
        method
    };
    let mut request = Request::builder().method(method).uri(path(draw, template));
    for (name, values) in [
        ("content-type", MEDIA_TYPES),
        ("content-type", &["application/json"]),
        ("accept", &["*/*", "application/problem+json", "\u{e9}"]),
        (
            "x-ms-continuation-token",
            &["", "x", "aTE", "aS0x", "ZVN0b2NrCmE", "ZQ", "\u{e9}"],
        ),
        (
            "host",
            &[
                "localhost",
                "localhost:99999",
                "127.0.0.1",
                "",
                "a b",
                "u@localhost",
            ],
        ),
        ("content-length", &["0", "-1", "99999999999999999999", "1"]),
        ("last-event-id", &["", "1-1-Completed", "\u{e9}"]),
        (
            "authorization",
            &["", "Bearer", "Bearer x", "Basic eDp5", "\u{e9}"],
        ),
    ] {
        if draw.below(6) == 0 {
            request = request.header(name, draw.of(values));
        }
    }
    let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    request.body(Body::from(body(draw))).ok()
}

fn check(about: &str, is_rewind: bool, reply: &Reply) {
    let by_contract = is_rewind && reply.status == 501;
    assert!(reply.status < 500 || by_contract, "{about}: {reply:?}");
    assert!(
        !reply
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control")),
        "{about}"
    );
    assert_eq!(reply.headers.get("set-cookie"), None, "{about}");
    if reply.header("content-type") == Some("application/json") && !about.starts_with("HEAD") {
        let json = serde_json::from_str::<serde_json::Value>(&reply.body);
        let status = json.as_ref().map(|json| &json["status"]);
        let says = status.is_ok_and(|said| reply.status < 400 || *said == reply.status);
        assert!(says, "{about}: {reply:?}");
    }
}

/// Sends requests that a seed decides on.
async fn throw(store: &str, seed: u64, requests: usize) {
    let server = Server::with(store, |management| {
        // Nothing waits: streams end at once.
        management.closing().close();
        let mut limits = HttpLimits::default();
        limits.body_bytes = 4_096;
        management.limits(limits)
    })
    .await;
    let mut draw = Draw(seed);
    let (mut sent, mut good) = (0, 0);
    while sent < requests {
        let Some(request) = request(&mut draw) else {
            continue;
        };
        sent += 1;
        let about = format!(
            "{} {} (seed {seed}, request {sent})",
            request.method(),
            request.uri()
        );
        let is_rewind = request.uri().path().ends_with("/rewind");
        let reply = server.send_as_is(request).await;
        check(&about, is_rewind, &reply);
        good += usize::from(reply.status < 400);
    }
    // Otherwise it is only the doors that were tried.
    assert!(
        good > requests / 20,
        "only {good} of {requests} were let in"
    );
    let alive = server
        .post("/durable/orchestrators/order/last?timeout=1", "3")
        .await;
    assert!([200, 202].contains(&alive.status), "{alive:?}");
}

#[tokio::test]
async fn no_request_makes_the_server_fail() {
    for seed in 1..=4 {
        throw("memory:", seed, 2_500).await;
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn no_request_makes_the_database_fail() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("hub.db").display());
    throw(&url, 5, 2_500).await;
}

async fn limited(change: impl FnOnce(&mut HttpLimits)) -> Server {
    let mut limits = HttpLimits::default();
    change(&mut limits);
    Server::with("memory:", |management: Management| {
        management.limits(limits)
    })
    .await
}

fn post(path: &str, body: Body) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    request.body(body).unwrap()
}

#[tokio::test]
async fn a_body_may_have_as_many_bytes_as_the_limit_says() {
    let server = limited(|limits| limits.body_bytes = 100).await;
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    for (bytes, status) in [(99, 200), (100, 200), (101, 413)] {
        let whole = post(
            "/durable/orchestrators/echo?timeout=9",
            Body::from(text(bytes)),
        );
        assert_eq!(server.send_as_is(whole).await.status, status, "{bytes}");
        // In chunks, so that nothing says beforehand how long it is.
        let chunks: Vec<_> = text(bytes)
            .chars()
            .map(|c| Ok::<_, Infallible>(c.to_string()))
            .collect();
        let chunked = Body::from_stream(stream::iter(chunks));
        let reply = server
            .send_as_is(post("/durable/orchestrators/echo?timeout=9", chunked))
            .await;
        assert_eq!(reply.status, status, "{bytes} in chunks");
    }
    let announced = Request::post("/durable/orchestrators/echo")
        .header("content-length", "1000000000000")
        .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))))
        .body(Body::from_stream(stream::pending::<
            Result<Bytes, Infallible>,
        >()));
    let reply = server.send_as_is(announced.unwrap()).await;
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (413, "the body is above the limit of 100 bytes")
    );
}

#[tokio::test]
async fn a_body_may_be_as_deep_as_the_limit_says() {
    let server = limited(|limits| limits.json_depth = 10).await;
    for (depth, status) in [(9, 202), (10, 202), (11, 400), (2_000, 400)] {
        let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let reply = server.post("/durable/orchestrators/echo", &body).await;
        assert_eq!(reply.status, status, "{depth}");
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = limited(|limits| limits.body_time = Duration::from_millis(20)).await;
    let slow = stream::once(async { Ok::<_, Infallible>("3") }).chain(stream::pending());
    let reply = server
        .send_as_is(post("/durable/orchestrators/echo", Body::from_stream(slow)))
        .await;
    assert_eq!(reply.status, 408);
    let broken = stream::iter([Ok("3"), Err(std::io::Error::other("gone"))]);
    let reply = server
        .send_as_is(post(
            "/durable/orchestrators/echo",
            Body::from_stream(broken),
        ))
        .await;
    assert_eq!(reply.status, 400);
    assert_eq!(server.get("/durable/instances").await.body, "[]");
}

#[tokio::test]
async fn more_requests_than_the_limit_are_told_to_come_later() {
    let server = limited(|limits| limits.per_second = NonZeroU32::new(2)).await;
    assert_eq!(server.get("/durable/instances").await.status, 200);
    let mut replies = Vec::new();
    for _ in 0..1_000 {
        let reply = server.get("/durable/instances").await;
        replies.push(reply.status);
        if reply.status == 429 {
            assert_eq!(reply.header("retry-after"), Some("1"));
            return;
        }
    }
    panic!("no limit: {replies:?}");
}

#[tokio::test]
async fn no_more_requests_wait_than_the_limit_says_and_nothing_is_started_for_them() {
    let server = limited(|limits| limits.waiting = 0).await;
    let reply = server
        .post("/durable/orchestrators/order/o-1?timeout=60", "3")
        .await;
    assert_eq!(reply.status, 429);
    assert_eq!(server.get("/durable/instances").await.body, "[]");
    server.waiting_order("o-2").await;
    assert_eq!(
        server.get("/durable/instances/o-2/events").await.status,
        429
    );
}

#[tokio::test]
async fn other_origins_are_told_nothing() {
    let server = Server::start().await;
    let preflight = Request::options("/durable/instances")
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "GET");
    let reply = server.send(preflight, "").await;
    assert_eq!(reply.status, 405);
    let reply = server.get("/durable/instances").await;
    assert!(
        !reply
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"))
    );
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
}

/// The parameters of the path above the router are none of its own.
#[tokio::test]
async fn where_the_router_is_nested_says_nothing_of_what_is_asked_for() {
    let mut server = Server::start().await;
    let app = std::mem::take(&mut server.app);
    server.app = axum::Router::new().nest("/{id}/{name}", app);
    let at = |path: &str| format!("/tenant/Other/durable{path}");
    let started = server.post(&at("/orchestrators/echo"), "1").await;
    assert_eq!(started.status, 202);
    assert_ne!(started.json()["id"], "tenant");
    let signalled = server.post(&at("/entities/Stock/main?op=add"), "1").await;
    assert_eq!(signalled.status, 202);
    let listed = async {
        while server.get(&at("/entities")).await.body == "[]" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), listed)
        .await
        .unwrap();
}
