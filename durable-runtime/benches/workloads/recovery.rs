//! `w6`: a hub full of instances that were under way is opened, and all of them have to go on.

use durable_runtime::InstanceId;
use durable_runtime::Result;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;
use serde_json::Value;
use serde_json::json;

use super::functions::Cargo;
use super::functions::ChainThenWaitClient;
use super::functions::Go;
use super::hub::Place;
use super::measure::millis;
use super::measure::now;
use super::options::Options;
use super::waiting::until_waiting;

/// Finished steps of each instance.
const STEPS: u32 = 20;

/// How many events are raised at the same time.
const CONCURRENCY: usize = 256;

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let ids = prepare(&place, options.n).await?;

    let opening = now();
    let runtime = place.open().await?;
    let open = opening.elapsed();
    let client = &ChainThenWaitClient::new(runtime.client());
    let begun = now();
    stream::iter(ids)
        .map(|id| go_on(client, id))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    let handled = begun.elapsed();

    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w6",
        "n": options.n,
        "open_ms": millis(open),
        "handled_ms": millis(handled),
    }))
}

/// Brings the instances to their wait and closes the hub.
async fn prepare(place: &Place, n: u32) -> Result<Vec<InstanceId>> {
    let runtime = place.open().await?;
    let client = &ChainThenWaitClient::new(runtime.client());
    let ids = stream::iter(0..n)
        .map(|_| bring_to_wait(client))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    runtime.shutdown().await?;
    Ok(ids)
}

async fn bring_to_wait(client: &ChainThenWaitClient) -> Result<InstanceId> {
    let instance = client.start(Cargo::new(), STEPS).await?;
    until_waiting(&instance).await?;
    Ok(instance.id().clone())
}

async fn go_on(client: &ChainThenWaitClient, id: InstanceId) -> Result<()> {
    let instance = client.instance(id);
    instance.raise(Go(Cargo::new())).await?;
    instance.result().await?;
    Ok(())
}
