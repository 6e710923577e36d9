use durable_runtime::prelude::*;

#[activity(timeout, retry, blocking = true)]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
