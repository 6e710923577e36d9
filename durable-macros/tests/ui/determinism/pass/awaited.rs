//! Keeps D037.

#![deny(warnings)]

use durable_runtime::prelude::*;
use futures::StreamExt;
use futures::stream;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> usize {
    let charged = select! {
        charged = charge(100) => charged.is_ok(),
        _ = ctx.sleep(minutes(5)) => false,
    };
    let several = stream::iter(0..10).map(charge).buffer_unordered(3).collect::<Vec<_>>().await;
    several.len() + usize::from(charged)
}

pub(crate) fn main() {}
