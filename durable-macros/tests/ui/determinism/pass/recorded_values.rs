//! Keeps D001: what `side_effect` computes is recorded. Keeps D017: `drop` is meant.

use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> String {
    let begun = ctx
        .side_effect(|| format!("{:?}", std::time::SystemTime::now()))
        .await;
    fn unused() -> std::time::Instant {
        std::time::Instant::now()
    }
    let _ = begun.len();
    drop(charge(1));
    begun
}

pub(crate) fn main() {}
