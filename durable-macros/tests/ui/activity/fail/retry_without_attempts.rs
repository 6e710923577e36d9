use durable_runtime::prelude::*;

#[activity(retry(initial = "1s"))]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
