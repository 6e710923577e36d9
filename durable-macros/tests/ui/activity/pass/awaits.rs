//! Keeps D038.

#![deny(warnings)]

use durable_runtime::prelude::*;
use futures::future::join_all;
use futures::future::ready;

#[activity]
async fn charge(cents: u64) -> u64 {
    ready(cents).await
}

async fn fetch(key: &str) -> Result<u64, std::num::ParseIntError> {
    key.parse()
}

fn fetch_all() -> impl Future<Output = Vec<Result<u64, std::num::ParseIntError>>> {
    join_all(["1", "2"].map(fetch))
}

#[activity]
async fn fetch_and_charge(key: String) -> Option<u64> {
    let cents = fetch(&key).await.ok()?;
    let sum = fetch_all().await.into_iter().flatten().sum::<u64>();
    let of_a_borrow = fetch(&format!("{sum}")).await.ok()?;
    tokio::time::timeout(seconds(1), charge::run(cents + of_a_borrow)).await.ok()
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Result<Option<u64>, Failure> {
    charge(1).await?;
    fetch_and_charge("1".to_owned()).await
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(pay);
    registry.register(charge);
    registry.register(fetch_and_charge);
    registry.check().unwrap();
}
