use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64
where
    u64: Copy,
{
    cents
}

fn main() {}
