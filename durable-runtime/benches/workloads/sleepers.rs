//! `w7`: what instances cost that sleep: memory, processor, disk, and time when the hub is opened.
//!
//! They are put to sleep by one process and measured in another, which has done nothing else.

use std::process::Command;
use std::time::Duration;

use durable_runtime::Result;
use durable_runtime::work::InstanceStatus;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;
use serde_json::Value;
use serde_json::json;
use tokio::time::interval;

use super::functions::Cargo;
use super::functions::SleeperClient;
use super::hub::Place;
use super::hub::bytes;
use super::measure::millis;
use super::measure::now;
use super::measure::rounded;
use super::options::Options;
use super::process::processor_time;
use super::process::resident_mb;

/// How many are started at the same time.
const CONCURRENCY: usize = 256;

/// How long the sleeping hub is watched.
const WATCH: Duration = Duration::from_secs(10);

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let (bytes, resident) = put_to_sleep(&place, options.n).await?;

    let program = std::env::current_exe()?;
    let mut idle = Command::new(program);
    let output = idle.args(["w7-idle", "--db", &place.url]).output()?;
    let mut figures: Value = serde_json::from_slice(&output.stdout)?;
    figures["workload"] = json!("w7");
    figures["n"] = json!(options.n);
    figures["rss_starter_mb"] = json!(rounded(resident));
    figures["bytes_per_instance"] = json!(bytes.map(|bytes| bytes / i64::from(options.n.max(1))));
    Ok(figures)
}

/// Starts sleepers and closes the hub once all of them sleep; says how large it is then, and this
/// process.
async fn put_to_sleep(place: &Place, n: u32) -> Result<(Option<i64>, f64)> {
    let runtime = place.open().await?;
    let client = &SleeperClient::new(runtime.client());
    stream::iter(0..n)
        .map(|_| async move { client.start(Cargo::new()).await.map(drop) })
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    let mut looks = interval(Duration::from_millis(100));
    loop {
        let pending = runtime.client().instances().status(InstanceStatus::Pending);
        if pending.page(1).next_page().await?.is_none() {
            break;
        }
        looks.tick().await;
    }
    let (bytes, resident) = (bytes(&runtime).await?, resident_mb()?);
    runtime.shutdown().await?;
    Ok((bytes, resident))
}

/// The second half: opens the hub and watches it doing nothing.
pub(crate) async fn idle(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let opening = now();
    let runtime = place.open().await?;
    let open = opening.elapsed();
    let mut watch = interval(WATCH);
    watch.tick().await;
    let before = processor_time()?;
    watch.tick().await;
    let used = processor_time()?.saturating_sub(before);
    let resident = resident_mb()?;
    runtime.shutdown().await?;
    Ok(json!({
        "rss_mb": rounded(resident),
        "cpu_percent": rounded(100.0 * used.as_secs_f64() / WATCH.as_secs_f64()),
        "open_ms": millis(open),
    }))
}
