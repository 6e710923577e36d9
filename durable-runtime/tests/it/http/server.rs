//! A runtime with the management API in front of it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::Request;
use axum::http::request::Builder;
use durable_runtime::Client;
use durable_runtime::InstanceId;
use durable_runtime::Runtime;
use durable_runtime::commands::Commands;
use durable_runtime::http::Management;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::worker::StoreSource;
use tower::ServiceExt;

use super::clock::TestClock;
use super::functions::Stock;
use super::functions::approved_order;
use super::functions::cancellable;
use super::functions::echo;
use super::functions::echo_later;
use super::functions::long_upload;
use super::functions::order;
use super::functions::perhaps;
use super::functions::pick;
use super::functions::reserve;
use super::functions::upload;

/// A runtime with the management API under `/durable`.
pub(super) struct Server {
    pub(super) clock: Arc<TestClock>,
    pub(super) app: Router,
    runtime: Runtime,
}

/// A response, read as a whole.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What a problem says, after it was found to say it twice.
    pub(super) fn message(&self) -> String {
        let json = self.json();
        assert_eq!(json["Message"], json["detail"], "{}", self.body);
        assert_eq!(json["status"], self.status, "{}", self.body);
        json["detail"].as_str().unwrap().to_owned()
    }
}

impl Server {
    pub(super) async fn start() -> Self {
        Self::with("memory:", |management| management).await
    }

    pub(super) async fn with(
        store: impl Into<StoreSource>,
        configure: impl FnOnce(Management) -> Management,
    ) -> Self {
        let clock = Arc::new(TestClock::new());
        let runtime = Runtime::builder()
            .store(store)
            .clock(Arc::clone(&clock) as _)
            .register(order)
            .register(approved_order)
            .register(cancellable)
            .register(echo)
            .register(echo_later)
            .register(pick)
            .register(reserve)
            .register(perhaps)
            .register(long_upload)
            .register(upload)
            .register_entity::<Stock>()
            .start()
            .await
            .unwrap();
        let management = Management::new(runtime.client()).clock(Arc::clone(&clock) as _);
        let app = Router::new().nest("/durable", configure(management).router());
        Self {
            clock,
            app,
            runtime,
        }
    }

    pub(super) fn client(&self) -> Client {
        self.runtime.client()
    }

    pub(super) fn commands(&self) -> Arc<dyn Commands> {
        Arc::clone(self.client().commands())
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path), "").await
    }

    pub(super) async fn post(&self, path: &str, body: &str) -> Reply {
        let request = Request::post(path).header("content-type", "application/json");
        self.send(request, body).await
    }

    pub(super) async fn delete(&self, path: &str) -> Reply {
        self.send(Request::delete(path), "").await
    }

    /// Sends a request from this machine.
    pub(super) async fn send(&self, request: Builder, body: &str) -> Reply {
        let request = request.header("host", "localhost:8080");
        let peer = SocketAddr::from(([127, 0, 0, 1], 50_000));
        let request = request.extension(ConnectInfo(peer));
        self.send_as_is(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    pub(super) async fn send_as_is(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Waits until an instance is as it is to be.
    pub(super) async fn until(&self, id: &str, is: impl Fn(&InstanceRow) -> bool) {
        let (commands, id) = (self.commands(), InstanceId::new(id).unwrap());
        let reached = async {
            loop {
                let row = commands.instance(&id).await.unwrap();
                if is(&row) {
                    return;
                }
                commands.changed(&row).await;
            }
        };
        let limit = std::time::Duration::from_mins(1);
        tokio::time::timeout(limit, reached).await.unwrap();
    }

    /// Waits until there is such an instance.
    pub(super) async fn until_there(&self, id: &str) {
        let path = format!("/durable/instances/{id}");
        let there = async {
            while self.get(&path).await.status == 404 {
                tokio::task::yield_now().await;
            }
        };
        let limit = std::time::Duration::from_mins(1);
        tokio::time::timeout(limit, there).await.unwrap();
    }

    pub(super) async fn until_status(&self, id: &str, status: InstanceStatus) {
        self.until(id, |row| row.status == status).await;
    }

    /// An order that waits for its approval.
    pub(super) async fn waiting_order(&self, id: &str) {
        let path = format!("/durable/orchestrators/approved_order/{id}");
        assert_eq!(self.post(&path, "3").await.status, 202);
        self.until(id, |row| row.custom_status.is_some()).await;
    }

    /// An order that has ended: it fails when it has more than nine items.
    pub(super) async fn ended_order(&self, id: &str, items: u32) {
        let path = format!("/durable/orchestrators/order/{id}?timeout=60");
        assert_eq!(self.post(&path, &items.to_string()).await.status, 200);
    }
}
