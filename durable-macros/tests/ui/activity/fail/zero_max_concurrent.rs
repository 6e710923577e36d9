use durable_runtime::prelude::*;

#[activity(max_concurrent = 0)]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
