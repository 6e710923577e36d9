use durable_runtime::prelude::*;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

static SEEN: Mutex<Vec<u64>> = Mutex::new(Vec::new());

static COUNT: AtomicU64 = AtomicU64::new(0);

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    ctx.sleep(seconds(1)).await;
    let all = SEEN.lock().map_or(0, |seen| seen.len());
    all as u64 + COUNT.load(std::sync::atomic::Ordering::SeqCst)
}

fn main() {}
