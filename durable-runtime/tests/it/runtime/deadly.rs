//! What may end its process, run by processes that it ends.

use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use durable_runtime::clock::Clock;
use durable_runtime::clock::SystemClock;
use durable_runtime::prelude::*;
use durable_runtime::work::InstanceStatus;
use serde::Deserialize;
use serde::Serialize;

const HUB: &str = "DURABLE_TEST_DEADLY_HUB";
const WAY: &str = "DURABLE_TEST_DEADLY_WAY";
const WHAT: &str = "DURABLE_TEST_DEADLY_WHAT";

pub(super) const HEALTHY: u64 = 100;

/// Each call takes half a kilobyte of the stack.
fn deep(n: u64) -> u64 {
    let frame = black_box([n; 64]);
    if n == 0 {
        return 0;
    }
    1 + deep(black_box(n - 1)) + black_box(frame)[3] % 2
}

fn dies(way: &str) -> u64 {
    match way {
        "overflow" => deep(50_000_000),
        _ => panic!("deadly"),
    }
}

#[activity]
async fn add(n: u64) -> u64 {
    n + 1
}

#[activity]
async fn die(way: String) -> u64 {
    dies(&way)
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) total: u64,
}

#[entity]
impl Tally {
    pub(super) fn add(&mut self, n: u64) -> u64 {
        self.total += n;
        self.total
    }

    pub(super) fn die(&mut self, way: String) -> u64 {
        self.total = 1_000;
        dies(&way)
    }
}

#[orchestrator]
async fn healthy(_ctx: &OrchestrationContext, n: u64) -> Result<u64, Failure> {
    let more = add(n).await?;
    add(more).await
}

/// Takes in the result of an innocent activity, and dies of that.
#[orchestrator]
pub(super) async fn turn(_ctx: &OrchestrationContext, way: String) -> Result<u64, Failure> {
    let n = add(1).await?;
    Ok(n + dies(&way))
}

#[orchestrator]
pub(super) async fn attempt(_ctx: &OrchestrationContext, way: String) -> Result<u64, Failure> {
    die(way).await
}

#[orchestrator]
pub(super) async fn operation(_ctx: &OrchestrationContext, way: String) -> Result<u64, Failure> {
    Tally::at("the one").add(1).await?;
    let died = Tally::at("the one").die(way).await;
    Tally::at("the one").add(1).await?;
    died
}

/// Runs one process after the other until one ends in order; returns how many died.
pub(super) fn processes(url: &str, way: &str, what: &str) -> u32 {
    for deaths in 0..40 {
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "runtime::deadly::the_process", "--nocapture"]);
        if cfg!(panic = "abort") {
            // Else the harness runs the test in a process of its own, and tells its own end.
            process.args(["-Zunstable-options", "--force-run-in-process"]);
        }
        process.env(HUB, url).env(WAY, way).env(WHAT, what);
        let ended = process.output().unwrap();
        if ended.status.success() {
            return deaths;
        }
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), None, "it ends by itself: {told}");
    }
    panic!("they die for ever");
}

/// The process; alone it has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn the_process() {
    let Ok(url) = std::env::var(HUB) else { return };
    let (way, what) = (std::env::var(WAY).unwrap(), std::env::var(WHAT).unwrap());
    if way == "panic" && cfg!(panic = "unwind") {
        // As with `panic = "abort"`.
        std::panic::set_hook(Box::new(|_| std::process::abort()));
    }
    let builder = Runtime::builder().store(url.as_str());
    let builder = builder.register(add).register(die).register(healthy);
    let builder = builder.register(turn).register(attempt).register(operation);
    let runtime = builder.register_entity::<Tally>().start().await.unwrap();
    let client = runtime.client();
    for n in 0..HEALTHY {
        let start = HealthyClient::new(client.clone()).start(n);
        let start = start.id(format!("healthy-{n}"));
        start.if_exists(IfExists::Use).await.unwrap();
    }
    for what in what.split(' ') {
        let way = way.clone();
        let start = match what {
            "turn" => TurnClient::new(client.clone())
                .start(way)
                .id(what)
                .if_exists(IfExists::Use)
                .await
                .map(drop),
            "attempt" => AttemptClient::new(client.clone())
                .start(way)
                .id(what)
                .if_exists(IfExists::Use)
                .await
                .map(drop),
            _ => OperationClient::new(client.clone())
                .start(way)
                .id(what)
                .if_exists(IfExists::Use)
                .await
                .map(drop),
        };
        start.unwrap();
    }
    while live(&client).await > 0 {
        let soon = SystemClock.now() + Duration::from_millis(10);
        SystemClock.sleep_until(soon).await;
    }
    runtime.shutdown().await.unwrap();
}

async fn live(client: &Client) -> u64 {
    let count = async |status| client.instances().status(status).count().await.unwrap();
    count(InstanceStatus::Pending).await + count(InstanceStatus::Running).await
}
