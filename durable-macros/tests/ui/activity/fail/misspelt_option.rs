use durable_runtime::prelude::*;

#[activity(timout = "10s")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
