use durable_runtime::prelude::*;
use tracing::info;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    use tracing::warn as alert;
    info!("charging");
    ctx.sleep(seconds(1)).await;
    alert!(cents, "charged");
    tracing::debug!("charged {cents}");
    cents
}

fn main() {}
