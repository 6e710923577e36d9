use durable_runtime::prelude::*;

#[activity(retry(max_attempts = 0, backoff = 0.5, jitter = 1.5, initial = "0ms"))]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
