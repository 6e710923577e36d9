#![deny(warnings)]
use durable_runtime::prelude::*;
use futures::future::join_all;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: Vec<u64>) -> Result<u64, Failure> {
    let block = async {
        ctx.sleep(seconds(1)).await;
        charge(1).await
    };
    let owned = async move { charge(2).await };
    let of_one = async |cents: u64| charge(cents).await;
    let typed = async |cents: u64| -> Result<u64, Failure> { Ok(charge(cents).await? + 1) };
    let all = join_all(cents.iter().map(|cents| async move { charge(*cents).await })).await;
    let more = join_all(cents.into_iter().map(async |cents| charge(cents).await)).await;
    let mut sum = block.await? + owned.await? + of_one(1).await? + typed(2).await?;
    for cents in all.into_iter().chain(more) {
        sum += cents?;
    }
    // An item of its own is no orchestrator: what it awaits is its own affair.
    #[allow(dead_code)]
    async fn plain() {
        tokio::task::yield_now().await;
    }
    Ok(sum)
}

pub(crate) fn main() {}
