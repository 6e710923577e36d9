//! Requests to the management API, by its router.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::Response;
use durable_runtime::http::Key;
use durable_runtime::http::LinkSecret;
use durable_runtime::http::Management;
use durable_runtime::http::Scope;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use futures::StreamExt;
use tower::ServiceExt;

use super::engine::Engine;
use super::engine::run;
use super::panics;

/// The line between two requests.
const BETWEEN: &str = "\n---\n";
/// More than anybody needs.
const MOST_REQUESTS: usize = 16;
/// Of one who may read and start.
const KEY: &str = "let me in, let me in, let me in, now";
/// A stream may send something every few seconds.
const MOST_FRAMES: usize = 64;
/// A request may wait for 230 seconds.
const WAITS: usize = 3;

/// Sends requests, with a line `---` between them. Each is written as HTTP writes it, without its
/// version: method and target, headers, an empty line, and what it carries. A line `locked` at the
/// beginning asks for keys.
pub(crate) fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (is_locked, text) = match text.strip_prefix("locked\n") {
        Some(rest) => (true, rest),
        None => (false, text.as_ref()),
    };
    let requests = text.split(BETWEEN).take(MOST_REQUESTS).filter_map(request);
    panics::none_in(|| run(serve(is_locked, requests.collect())));
}

async fn serve(is_locked: bool, requests: Vec<Request<Body>>) {
    let store: Arc<dyn Store> = Arc::new(ModelStore::new());
    let mut engine = Engine::start(&store).await.unwrap();
    let management = Management::new(&engine.client).clock(Arc::clone(&engine.clock) as _);
    let management = if is_locked {
        let key = Key::new(KEY, [Scope::Read, Scope::Start]);
        management
            .key(key.unwrap())
            .link_secret(LinkSecret::new([7; 32]))
    } else {
        management
    };
    let app = Router::new().nest("/durable", management.router());
    for request in requests {
        let about = format!("{} {}", request.method(), request.uri());
        let is_rewind = request.uri().path().ends_with("/rewind");
        let response = engine.until(app.clone().oneshot(request), WAITS).await;
        let response = response
            .unwrap_or_else(|| panic!("no answer: {about}"))
            .unwrap();
        read(&mut engine, &about, is_rewind, response).await;
        engine.settle().await;
    }
    assert_eq!(engine.restarts(), 0);
}

fn request(text: &str) -> Option<Request<Body>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
    }
    let headers = request.headers_ref()?;
    if !headers.contains_key("host") {
        request = request.header("host", "localhost:8080");
    }
    let this_machine = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let request = request.extension(ConnectInfo(this_machine));
    request.body(Body::from(body.to_owned())).ok()
}

/// Whatever is answered to that request is an answer to a mistake of the client at worst.
async fn read(engine: &mut Engine, about: &str, is_rewind: bool, response: Response<Body>) {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let by_contract = is_rewind && status == 501;
    let body = whole(engine, body).await;
    let text = String::from_utf8_lossy(&body);
    assert!(status < 500 || by_contract, "{about}: {status} {text}");
    let is_json = head.headers.get("content-type");
    let is_json = is_json.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json && !about.starts_with("HEAD") {
        let json = serde_json::from_str::<serde_json::Value>(&text);
        assert!(json.is_ok(), "{about}: {text}");
    }
}

/// A stream of statuses may go on for as long as its instance does.
async fn whole(engine: &mut Engine, body: Body) -> Vec<u8> {
    let mut frames = body.into_data_stream();
    let mut read = Vec::new();
    for _ in 0..MOST_FRAMES {
        let Some(Some(frame)) = engine.until(frames.next(), WAITS).await else {
            break;
        };
        let frame: Bytes = frame.unwrap();
        read.extend_from_slice(&frame);
    }
    read
}
