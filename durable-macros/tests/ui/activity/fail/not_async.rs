use durable_runtime::prelude::*;

#[activity]
fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
