//! `w3`: one orchestration with many activities at the same time.

use durable_runtime::Result;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::FanOutClient;
use super::hub::Place;
use super::measure::now;
use super::measure::per_second;
use super::options::Options;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = FanOutClient::new(runtime.client());
    client.start(Cargo::new(), 10).await?.result().await?;

    let begun = now();
    let instance = client.start(Cargo::new(), options.n).await?;
    instance.result().await?;
    let time = begun.elapsed();

    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w3",
        "n": options.n,
        "steps_per_s": per_second(options.n, time),
    }))
}
