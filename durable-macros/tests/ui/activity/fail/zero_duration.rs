use durable_runtime::prelude::*;

#[activity(timeout = "0s")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
