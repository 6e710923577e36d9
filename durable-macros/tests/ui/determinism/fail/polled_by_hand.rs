use durable_runtime::prelude::*;
use futures::FutureExt;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> bool {
    let mut charging = charge(100).spawn();
    ctx.sleep(minutes(5)).await;
    let there = (&mut charging).now_or_never().is_some();
    let polled = futures::poll!(&mut charging).is_ready();
    let immediate = futures::future::poll_immediate(charging).await.is_some();
    there || polled || immediate
}

fn main() {}
