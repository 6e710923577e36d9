use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, items: Vec<u64>) -> u64 {
    let seen = items.into_iter().collect::<std::collections::HashSet<_>>();
    let order: Vec<u64> = seen.into_iter().collect();
    ctx.sleep(seconds(order[0])).await;
    order[0]
}

fn main() {}
