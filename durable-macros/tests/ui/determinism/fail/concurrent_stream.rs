use durable_runtime::prelude::*;
use futures::StreamExt;
use futures::stream;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) {
    stream::iter(0..10)
        .for_each_concurrent(3, |cents| async move {
            let _ = charge(cents).await;
        })
        .await;
}

fn main() {}
