use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator(inline)]
async fn ping(ctx: &OrchestrationContext, cents: u64) -> u64 {
    if cents == 0 { charge(1).await.unwrap_or(0) } else { pong(ctx, cents - 1).await }
}

#[orchestrator(inline)]
async fn pong(ctx: &OrchestrationContext, cents: u64) -> u64 {
    ping(ctx, cents).await
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    ping(ctx, 1).await
}

pub(crate) fn main() {
    let mut registry = Registry::default();
    registry.register(pay);
    let error = registry.check().unwrap_err().to_string();
    assert!(error.contains("calls activity `charge`"), "{error}");
}
