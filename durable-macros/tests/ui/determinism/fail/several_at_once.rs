use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    use std::{env, fs, time::{Duration, Instant}};
    let begun = Instant::now();
    let name = env::var("NAME").unwrap_or_default();
    let text = fs::read_to_string(name).unwrap_or_default();
    ctx.sleep(Duration::from_secs(text.len() as u64)).await;
    begun.elapsed().as_secs()
}

fn main() {}
