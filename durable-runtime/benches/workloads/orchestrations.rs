//! `w2`: many short orchestrations, started as fast as they are taken.

use durable_runtime::Result;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::ChainClient;
use super::hub::Place;
use super::measure::now;
use super::measure::per_second;
use super::options::Options;

/// Activities of each orchestration.
const STEPS: u32 = 5;

/// How many are under way at the same time.
const CONCURRENCY: usize = 256;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = &ChainClient::new(runtime.client());
    client.start(Cargo::new(), STEPS).await?.result().await?;

    let begun = now();
    stream::iter(0..options.n)
        .map(|_| one(client))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    let time = begun.elapsed();

    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w2",
        "n": options.n,
        "orchestrations_per_s": per_second(options.n, time),
        "steps_per_s": per_second(options.n * STEPS, time),
    }))
}

async fn one(client: &ChainClient) -> Result<()> {
    client.start(Cargo::new(), STEPS).await?.result().await?;
    Ok(())
}
