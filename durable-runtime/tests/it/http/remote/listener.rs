//! Servers that really listen, and can be gone from one moment to the next.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::response::Response;
use durable_runtime::Client;
use durable_runtime::Runtime;
use durable_runtime::client::HttpCommands;
use durable_runtime::client::HttpCommandsBuilder;
use durable_runtime::http::Management;
use futures::stream;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::functions::Account;
use crate::http::functions::approved_order;
use crate::http::functions::cancellable;
use crate::http::functions::echo;
use crate::http::functions::echo_later;
use crate::http::functions::order;
use crate::http::functions::pick;

/// A hub with all functions, by the machine's clock.
pub(super) async fn hub() -> Runtime {
    let runtime = Runtime::builder()
        .store("memory:")
        .register(order)
        .register(approved_order)
        .register(cancellable)
        .register(echo)
        .register(echo_later)
        .register(pick)
        .register_entity::<Account>();
    runtime.start().await.unwrap()
}

/// A server that listens. It has threads of its own, so that with it all its connections end.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Listener {
    pub(super) async fn start(app: Router) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), app).await
    }

    pub(super) async fn start_at(address: SocketAddr, app: Router) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let listener = listener.into_std().unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).await.unwrap();
        });
        let runtime = Some(runtime);
        Self { address, runtime }
    }

    /// The API of the hub at `/durable`.
    pub(super) async fn of(runtime: &Runtime) -> Self {
        Self::start(api(Management::new(runtime.client()))).await
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/durable", self.address)
    }

    pub(super) fn commands(&self) -> HttpCommandsBuilder {
        HttpCommands::builder(self.url())
    }

    /// A client without a key.
    pub(super) fn client(&self) -> Client {
        Client::new(Arc::new(self.commands().build().unwrap()))
    }

    pub(super) fn client_with(&self, key: &str) -> Client {
        Client::http(self.url(), key).unwrap()
    }

    /// Ends it, and every connection to it. Once it is back, the address is free.
    pub(super) async fn stop(mut self) -> SocketAddr {
        let runtime = self.runtime.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || drop(runtime));
        ended.await.unwrap();
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what is configured is given away"
)]
pub(super) fn api(management: Management) -> Router {
    Router::new().nest("/durable", management.router())
}

/// Counts requests.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted(Arc<watch::Sender<usize>>);

impl Counted {
    pub(super) fn around(&self, app: Router) -> Router {
        let counted = self.clone();
        app.layer(from_fn(move |request: Request, next: Next| {
            counted.count();
            next.run(request)
        }))
    }

    pub(super) fn number(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits until there were that many.
    pub(super) async fn until(&self, number: usize) {
        let mut seen = self.0.subscribe();
        seen.wait_for(|seen| *seen >= number).await.unwrap();
    }

    fn count(&self) {
        self.0.send_modify(|number| *number += 1);
    }
}

/// Does what it is asked for, and loses the first answer to each request of those that `loses` wants.
pub(super) fn lossy(app: Router, loses: fn(&str) -> bool) -> (Router, Counted) {
    let (lost, seen) = (Counted::default(), Arc::new(Mutex::new(HashSet::new())));
    let losing = lost.clone();
    let app = app.layer(from_fn(move |request: Request, next: Next| {
        let (seen, losing) = (Arc::clone(&seen), losing.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let is_first = seen
                .lock()
                .unwrap()
                .insert((head.uri.clone(), body.clone()));
            let loses = is_first && loses(head.uri.path());
            let response = next.run(Request::from_parts(head, Body::from(body))).await;
            if !loses {
                return response;
            }
            losing.count();
            cut_off()
        }
    }));
    (app, lost)
}

/// An answer whose connection breaks before its body comes.
fn cut_off() -> Response {
    let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("the cable is cut"))]);
    Response::new(Body::from_stream(broken))
}
