use durable_runtime::prelude::*;

#[activity]
async fn charge() -> u64 {
    1
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    tracing::info!(cents = charge().await?, "charged");
    debug_assert!(charge().await? == 1);
    Ok(())
}

fn main() {}
