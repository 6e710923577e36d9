use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let keys = std::hash::RandomState::new();
    ctx.sleep(seconds(1)).await;
    std::hash::BuildHasher::hash_one(&keys, 7)
}

fn main() {}
