use durable_runtime::prelude::*;

#[activity(name = "")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
