use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    ctx.sleep(seconds(1)).await;
    let age = std::time::SystemTime::UNIX_EPOCH.elapsed();
    age.map_or(0, |age| age.as_secs())
}

fn main() {}
