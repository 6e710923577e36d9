//! What requests that are made up of the description are answered: nothing that it does not have.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::http::Request;
use durable_runtime::Runtime;
use durable_runtime::http::HttpLimits;
use durable_runtime::http::Key;
use durable_runtime::http::Management;
use durable_runtime::http::Scope;
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::functions::Stock;
use super::functions::approved_order;
use super::functions::cancellable;
use super::functions::echo;
use super::functions::order;
use super::functions::pick;

const KEY: &str = "everything-0123456789-0123456789-0123456789";

/// The fewest requests that count as a test.
const CASES: u64 = 2_000;

/// How many instances live, so that some are left when others were terminated.
const WAITING: u32 = 12;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Where `.ci/run` installs it.
fn tool(name: &str) -> Option<PathBuf> {
    let tool = here("../target/ci/schemathesis/bin").join(name);
    tool.exists().then_some(tool)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_answers_as_it_describes_itself() {
    let (Some(schemathesis), Some(python)) = (tool("schemathesis"), tool("python")) else {
        let text = "SKIPPED the_api_answers_as_it_describes_itself: no schemathesis below \
                    target/ci, which `.ci/run` installs";
        eprintln!("{text}");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path()).await;
    let description = folder.path().join("openapi.json");
    let served = send(&app, "GET", "openapi.json", "").await;
    std::fs::write(&description, &served).unwrap();
    let validated = run(Command::new(python)
        .args(["-m", "openapi_spec_validator"])
        .arg(&description))
    .await;
    assert!(validated.success(), "the description is no OpenAPI 3.1");

    let address = serve(app).await;
    let report = folder.path().join("report.json");
    let kept = run(Command::new(schemathesis)
        .arg("--config-file")
        .arg(here("tests/it/http/schemathesis.toml"))
        .arg("run")
        .arg(&description)
        .args(["--url", &format!("http://{address}/durable")])
        .arg("--report-json-path")
        .arg(&report)
        .env("DURABLE_KEY", KEY)
        .current_dir(folder.path()))
    .await;
    assert!(
        kept.success(),
        "the answers are not as described, see above"
    );
    let report: Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let cases = report["test_cases"]["generated"].as_u64().unwrap();
    assert!(cases >= CASES, "{cases} cases are too few");
    let operations = &report["operations"];
    assert_eq!(operations["tested"], operations["total"], "{operations}");
}

/// Runs a tool to its end, with its output among that of the test.
async fn run(command: &mut Command) -> ExitStatus {
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    tokio::task::spawn_blocking(move || child.wait())
        .await
        .unwrap()
        .unwrap()
}

/// The router, with its database in `folder` and some instances.
async fn app(folder: &Path) -> Router {
    let store = if cfg!(feature = "sqlite") {
        format!("sqlite://{}", folder.join("orders.db").display())
    } else {
        "memory:".to_owned()
    };
    let runtime = Runtime::builder()
        .store(store)
        .register(order)
        .register(approved_order)
        .register(cancellable)
        .register(echo)
        .register(pick)
        .register_entity::<Stock>()
        .start()
        .await
        .unwrap();
    let mut limits = HttpLimits::default();
    limits.wait = Duration::from_millis(100);
    let management = Management::new(runtime.client())
        .key(Key::new(KEY, Scope::ALL).unwrap())
        .payload_schemas(runtime.payload_schemas())
        .limits(limits);
    let app = Router::new()
        .nest("/durable", management.router())
        // It lives as long as the router.
        .layer(Extension(Arc::new(runtime)));
    seed(&app).await;
    app
}

/// Instances in several states, and an entity.
async fn seed(app: &Router) {
    for number in 1..=WAITING {
        let path = format!("orchestrators/approved_order/waiting-{number}");
        send(app, "POST", &path, "3").await;
    }
    for (path, body) in [
        ("orchestrators/order/completed", "3"),
        ("orchestrators/order/failed", "10"),
        ("orchestrators/cancellable/terminated", ""),
        ("instances/terminated/terminate?reason=enough", ""),
        ("entities/Stock/discs?op=add", "7"),
    ] {
        send(app, "POST", path, body).await;
    }
}

async fn send(app: &Router, method: &str, path: &str, body: &str) -> Bytes {
    let request = Request::builder()
        .method(method)
        .uri(format!("/durable/{path}"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()));
    let response = app.clone().oneshot(request.unwrap()).await.unwrap();
    assert!(response.status().is_success(), "{path}");
    axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap()
}

/// Serves on the network until the test ends.
async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}
