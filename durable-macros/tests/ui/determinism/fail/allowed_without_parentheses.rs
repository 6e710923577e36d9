use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    #[allow_nondeterminism]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    #[allow_nondeterminism(reason = "a figure for people")]
    let ended = std::time::Instant::now();
    (ended - begun).as_secs()
}

fn main() {}
