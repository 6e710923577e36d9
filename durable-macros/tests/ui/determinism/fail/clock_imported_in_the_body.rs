use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    use std::time::{Instant as Stopwatch, SystemTime};
    let begun = Stopwatch::now();
    ctx.sleep(seconds(1)).await;
    let today = SystemTime::now();
    begun.elapsed().as_secs() + u64::from(today < SystemTime::UNIX_EPOCH)
}

fn main() {}
