use durable_runtime::prelude::*;

#[activity(retry(attempts = 3))]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
