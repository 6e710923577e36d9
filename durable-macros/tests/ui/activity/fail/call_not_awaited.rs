#![deny(unused_must_use)]
use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) {
    charge(100);
}

fn main() {}
