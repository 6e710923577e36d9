use durable_runtime::prelude::*;

#[activity]
async fn charge() -> u64 {
    1
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    select! {
        Ok(cents) = charge() => cents,
        _ = ctx.sleep(hours(1)) => 0,
    }
}

fn main() {}
