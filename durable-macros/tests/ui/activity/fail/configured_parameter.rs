use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64, #[cfg(unix)] auditor: String) -> u64 {
    let _ = auditor;
    cents
}

#[orchestrator(inline)]
async fn pay(ctx: &OrchestrationContext, #[cfg(unix)] days_left: u64) {
    ctx.sleep(days(days_left)).await;
}

fn main() {}
