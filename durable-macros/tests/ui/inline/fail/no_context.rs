use durable_runtime::prelude::*;

#[orchestrator(inline)]
async fn pay(cents: u64) -> u64 {
    cents
}

fn main() {}
