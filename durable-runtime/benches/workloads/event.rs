//! `w4`: from raising an event to the result that it leads to.

use durable_runtime::Result;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::ChainThenWaitClient;
use super::functions::Go;
use super::hub::Place;
use super::measure::Latencies;
use super::measure::now;
use super::options::Options;
use super::waiting::until_waiting;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = ChainThenWaitClient::new(runtime.client());
    let mut latencies = Latencies::default();
    for _ in 0..options.n {
        let instance = client.start(Cargo::new(), 1).await?;
        until_waiting(&instance).await?;
        let begun = now();
        instance.raise(Go(Cargo::new())).await?;
        instance.result().await?;
        latencies.push(begun.elapsed());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w4",
        "n": options.n,
        "p50_ms": latencies.percentile(50),
        "p99_ms": latencies.percentile(99),
    }))
}
