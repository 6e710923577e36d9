use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    #[allow_nondeterminism(D001)]
    let begun = std::time::Instant::now();
    ctx.sleep(seconds(1)).await;
    #[allow_nondeterminism(D001, reason = " ")]
    let ended = std::time::Instant::now();
    (ended - begun).as_secs()
}

fn main() {}
