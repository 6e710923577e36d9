use durable_runtime::prelude::*;

#[activity(blocking)]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
