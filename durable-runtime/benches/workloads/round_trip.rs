//! `w5`: start, one activity, result, one after the other.

use durable_runtime::Result;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::ChainClient;
use super::hub::Place;
use super::measure::Latencies;
use super::measure::now;
use super::options::Options;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = ChainClient::new(runtime.client());
    let mut latencies = Latencies::default();
    for _ in 0..options.n {
        let begun = now();
        let instance = client.start(Cargo::new(), 1).await?;
        instance.result().await?;
        latencies.push(begun.elapsed());
    }
    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w5",
        "n": options.n,
        "p50_ms": latencies.percentile(50),
        "p99_ms": latencies.percentile(99),
    }))
}
