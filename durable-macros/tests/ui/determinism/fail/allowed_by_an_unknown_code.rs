use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    #[allow_nondeterminism(D0001, reason = "a figure for people")]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    #[allow_nondeterminism(D025, reason = "is not recorded")]
    let more = ctx.random::<u64>();
    begun.elapsed().as_secs() + more
}

fn main() {}
