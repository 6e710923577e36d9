use durable_runtime::prelude::*;

#[activity(name = "a", queue = "q", name = "b")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
