use durable_runtime::prelude::*;

#[activity(crate = "company::durable")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
