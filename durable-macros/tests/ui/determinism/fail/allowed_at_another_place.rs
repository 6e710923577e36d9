use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let begun = Some(#[allow_nondeterminism(D001, reason = "a figure for people")] std::time::Instant::now());
    ctx.sleep(seconds(1)).await;
    begun.map_or(0, |begun| begun.elapsed().as_secs())
}

fn main() {}
