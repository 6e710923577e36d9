//! `w8`: a hundred clients call and signal entities, all the same one, or each its own.

use durable_runtime::Result;
use durable_runtime::client::Client;
use durable_runtime::prelude::*;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use super::hub::Place;
use super::measure::now;
use super::measure::per_second;
use super::options::Options;

/// How many clients there are.
const CLIENTS: u32 = 100;

/// Counts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counter {
    total: u32,
}

#[entity]
impl Counter {
    fn add(&mut self, number: u32) -> u32 {
        self.total += number;
        self.total
    }

    #[read_only]
    fn total(&self) -> u32 {
        self.total
    }
}

pub(crate) async fn run(options: &Options) -> Result<Value> {
    let place = Place::new(options)?;
    let runtime = place.open().await?;
    let client = runtime.client();
    // Databases of their own would not tell the keys of one repetition from those of the next.
    let round = InstanceId::generate();
    let one = vec![format!("{round}"); CLIENTS as usize];
    let hundred: Vec<_> = (0..CLIENTS).map(|n| format!("{round}-{n}")).collect();
    let one_key = operations_per_second(&client, &one, options.n).await?;
    let hundred_keys = operations_per_second(&client, &hundred, options.n).await?;
    runtime.shutdown().await?;
    Ok(json!({
        "workload": "w8",
        "n": options.n,
        "ops_per_s_one_key": one_key,
        "ops_per_s_100_keys": hundred_keys,
    }))
}

/// `n` operations by as many clients as there are keys, each after the other a call and a signal,
/// until all are done.
async fn operations_per_second(client: &Client, keys: &[String], n: u32) -> Result<f64> {
    let each = n / CLIENTS;
    let begun = now();
    let clients = keys.iter().map(|key| use_counter(client, key, each));
    try_join_all(clients).await?;
    let mut keys = keys.to_vec();
    keys.dedup();
    // Behind all that was signalled.
    let totals = keys
        .iter()
        .map(|key| CounterClient::new(client, key).total().into_future());
    let total: u32 = try_join_all(totals).await?.into_iter().sum();
    let time = begun.elapsed();
    assert_eq!(total, each * CLIENTS, "operations were lost or done twice");
    Ok(per_second(total, time))
}

async fn use_counter(client: &Client, key: &str, operations: u32) -> Result<()> {
    let counter = CounterClient::new(client, key);
    for number in 0..operations {
        if number % 2 == 0 {
            counter.add(1).await?;
        } else {
            counter.signal_add(1).await?;
        }
    }
    Ok(())
}
