use durable_runtime::prelude::*;

#[activity(timeout = 10)]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
