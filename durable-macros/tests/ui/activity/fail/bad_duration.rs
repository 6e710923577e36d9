use durable_runtime::prelude::*;

#[activity(timeout = "10 s", heartbeat_timeout = "soon")]
async fn charge(cents: u64) -> u64 {
    cents
}

fn main() {}
