use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    #[allow_nondeterminism(D002, reason = "a figure for people")]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    begun.elapsed().as_secs()
}

fn main() {}
