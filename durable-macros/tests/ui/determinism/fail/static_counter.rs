use durable_runtime::prelude::*;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    ctx.sleep(seconds(1)).await;
    COUNT.fetch_add(1, Ordering::Relaxed)
}

fn main() {}
