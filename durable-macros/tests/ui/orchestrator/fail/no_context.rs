use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(cents: u64) -> u64 {
    cents
}

fn main() {}
