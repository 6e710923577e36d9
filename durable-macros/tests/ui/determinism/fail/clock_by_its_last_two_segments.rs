use durable_runtime::prelude::*;
use std::time::Instant;

#[orchestrator]
async fn pay(context: &OrchestrationContext) -> u64 {
    let begun = Instant::now();
    context.sleep(seconds(1)).await;
    begun.elapsed().as_secs()
}

fn main() {}
