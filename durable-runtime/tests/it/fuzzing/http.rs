//! Requests to the management API, by its router.

use std::iter;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

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
use tokio::time::timeout;
use tower::ServiceExt;

use super::database;
use super::database::WORKED;
use super::engine::Engine;
use super::engine::START;
use super::engine::run;
use super::panics;

/// The line between two requests.
const BETWEEN: &[u8] = b"\n---\n";
/// More than anybody needs.
const MOST_REQUESTS: usize = 16;
/// Of one who may read and start.
const KEY: &str = "let me in, let me in, let me in, now";
/// A stream may send something every few seconds.
const MOST_FRAMES: usize = 64;
/// A request may wait for 230 seconds.
const WAITS: usize = 3;
/// How long the store's threads may take for most of what they do.
const GRACE: Duration = Duration::from_millis(10);
/// By then they have done it, however busy this machine is.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends requests, with a line `---` between them. Each is written as HTTP writes it, without its
/// version: method and target, headers, an empty line, and what it carries. A line `locked` at the
/// beginning asks for keys; a line `worked` asks for a hub in a file that has [instances](database::IDS)
/// in it.
pub(crate) fn check(input: &[u8]) {
    let (is_locked, input) = first_line(input, b"locked\n");
    let (is_worked, input) = first_line(input, b"worked\n");
    let requests: Vec<_> = requests(input).take(MOST_REQUESTS).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let file = is_worked.then_some(file);
    if let Some(file) = &file {
        database::write(file);
    }
    panics::none_in(|| run(serve(file.as_deref(), is_locked, requests)));
}

async fn serve(file: Option<&Path>, is_locked: bool, requests: Vec<Request<Body>>) {
    let mut hub = match file {
        Some(file) => Hub::in_file(file).await,
        None => Hub::in_memory().await,
    };
    let Engine { client, clock, .. } = &hub.engine;
    let management = Management::new(client).clock(Arc::clone(clock) as _);
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
        let mut response = Box::pin(app.clone().oneshot(request));
        let response = match hub.until(&mut response).await {
            Some(response) => response,
            None => timeout(PATIENCE, response)
                .await
                .unwrap_or_else(|_| panic!("no answer: {about}")),
        };
        read(&mut hub, &about, is_rewind, response.unwrap()).await;
        hub.engine.settle().await;
    }
    assert_eq!(hub.engine.restarts(), 0);
    hub.store.close().await;
}

/// What is behind the API.
struct Hub {
    store: Arc<dyn Store>,
    engine: Engine,
    /// Whether the store works on threads of its own, which take their time.
    has_threads: bool,
}

impl Hub {
    async fn in_memory() -> Self {
        let store: Arc<dyn Store> = Arc::new(ModelStore::new());
        Self {
            engine: Engine::start(&store).await.unwrap(),
            store,
            has_threads: false,
        }
    }

    async fn in_file(file: &Path) -> Self {
        let store = database::open(file).await.store;
        let mut engine = Engine::start_at(&store, START + WORKED).await.unwrap();
        engine.settle().await;
        Self {
            engine,
            store,
            has_threads: true,
        }
    }

    /// Waits for something, while the worker works and time passes.
    async fn until<T>(&mut self, something: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        for _ in 0..WAITS {
            for _ in 0..2 {
                if let Some(it) = self.soon(something).await {
                    return Some(it);
                }
                self.engine.settle().await;
            }
            self.engine.advance(Duration::from_mins(10)).await;
        }
        self.soon(something).await
    }

    async fn soon<T>(&self, something: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        if self.has_threads {
            return timeout(GRACE, something).await.ok();
        }
        match futures::poll!(something) {
            Poll::Ready(it) => Some(it),
            Poll::Pending => None,
        }
    }
}

/// Whether the input begins with that line, and the rest.
fn first_line<'a>(input: &'a [u8], line: &[u8]) -> (bool, &'a [u8]) {
    match input.strip_prefix(line) {
        Some(rest) => (true, rest),
        None => (false, input),
    }
}

fn requests(input: &[u8]) -> impl Iterator<Item = Request<Body>> {
    let mut rest = Some(input);
    let texts = iter::from_fn(move || {
        let (text, others) = split(rest?, BETWEEN);
        rest = others;
        Some(text)
    });
    texts.filter_map(request)
}

/// What stands before and after `between`.
fn split<'a>(bytes: &'a [u8], between: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    let mut places = bytes.windows(between.len());
    match places.position(|place| place == between) {
        Some(place) => (&bytes[..place], Some(&bytes[place + between.len()..])),
        None => (bytes, None),
    }
}

fn request(text: &[u8]) -> Option<Request<Body>> {
    let (head, body) = split(text, b"\n\n");
    let mut lines = head.split(|byte| *byte == b'\n');
    let (method, target) = split(lines.next()?, b" ");
    let mut request = Request::builder().method(method).uri(target?);
    for line in lines {
        if let (name, Some(value)) = split(line, b": ") {
            request = request.header(name, value);
        }
    }
    let headers = request.headers_ref()?;
    if !headers.contains_key("host") {
        request = request.header("host", "localhost:8080");
    }
    let this_machine = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let request = request.extension(ConnectInfo(this_machine));
    let body = body.unwrap_or_default().to_owned();
    request.body(Body::from(body)).ok()
}

/// Whatever is answered to that request is an answer to a mistake of the client at worst.
async fn read(hub: &mut Hub, about: &str, is_rewind: bool, response: Response<Body>) {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let body = whole(hub, body).await;
    let text = String::from_utf8_lossy(&body);
    let by_contract = match status {
        // With `returnInternalServerErrorOnFailure`.
        500 => text.contains(r#""runtimeStatus":"Failed""#),
        501 => is_rewind,
        _ => false,
    };
    assert!(status < 500 || by_contract, "{about}: {status} {text}");
    let is_json = head.headers.get("content-type");
    let is_json = is_json.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json && !about.starts_with("HEAD") {
        let json = serde_json::from_slice::<serde_json::Value>(&body);
        assert!(json.is_ok(), "{about}: {text}");
    }
}

/// A stream of statuses may go on for as long as its instance does.
async fn whole(hub: &mut Hub, body: Body) -> Vec<u8> {
    let mut frames = body.into_data_stream();
    let mut read = Vec::new();
    for _ in 0..MOST_FRAMES {
        let Some(Some(frame)) = hub.until(&mut frames.next()).await else {
            break;
        };
        let frame: Bytes = frame.unwrap();
        read.extend_from_slice(&frame);
    }
    read
}
