//! What holds its thread, and what is healthy beside it.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::gate::BlocksWhenDropped;
use super::gate::gate;

#[derive(Debug, Event, Serialize, Deserialize)]
pub(super) struct GoOn;

#[activity]
pub(super) async fn holds_its_thread(name: String) -> Result<(), Failure> {
    gate(&name).pass();
    Ok(())
}

#[activity(blocking)]
pub(super) fn blocks(name: String) {
    gate(&name).pass();
}

#[activity]
pub(super) async fn drops_slowly(name: String) -> Result<(), Failure> {
    let _value = BlocksWhenDropped(name);
    tokio::task::yield_now().await;
    Ok(())
}

#[activity]
pub(super) async fn doubles(number: u32) -> Result<u32, Failure> {
    // What tokio gives is there.
    tokio::spawn(async move { number * 2 })
        .await
        .map_err(|error| Failure::from_error(&error))
}

#[orchestrator]
pub(super) async fn calls_what_holds(
    _ctx: &OrchestrationContext,
    name: String,
) -> Result<(), Failure> {
    holds_its_thread(name).await
}

#[orchestrator]
pub(super) async fn calls_what_blocks(
    _ctx: &OrchestrationContext,
    name: String,
) -> Result<(), Failure> {
    blocks(name).await
}

#[orchestrator]
pub(super) async fn calls_what_drops_slowly(
    _ctx: &OrchestrationContext,
    name: String,
) -> Result<(), Failure> {
    drops_slowly(name).await
}

/// Holds the thread of its second turn, and of each replay of it.
#[orchestrator]
pub(super) async fn spins(ctx: &OrchestrationContext, name: String) -> Result<u32, Failure> {
    let number = doubles(21).await?;
    gate(&name).pass();
    ctx.sleep(seconds(0)).await;
    Ok(number)
}

/// Holds the thread of its second turn, then waits.
#[orchestrator(events(GoOn))]
pub(super) async fn spins_and_waits(
    ctx: &OrchestrationContext,
    name: String,
) -> Result<u32, Failure> {
    let number = doubles(21).await?;
    gate(&name).pass();
    ctx.wait_for::<GoOn>().await;
    Ok(number)
}

/// Has something to do at any time, for longer than a test takes.
#[orchestrator]
pub(super) async fn never_rests(ctx: &OrchestrationContext) {
    for _ in 0..1_000_000 {
        ctx.sleep(seconds(0)).await;
    }
}

/// Waits with a value that takes its time to be dropped.
#[orchestrator(events(GoOn))]
pub(super) async fn keeps_what_drops_slowly(ctx: &OrchestrationContext, name: String) {
    let value = BlocksWhenDropped(name);
    ctx.wait_for::<GoOn>().await;
    drop(value);
}

#[orchestrator]
pub(super) async fn healthy(ctx: &OrchestrationContext, number: u32) -> Result<u32, Failure> {
    let doubled = doubles(number).await?;
    ctx.sleep(seconds(0)).await;
    let count = Tally::at("healthy").add(1).await?;
    doubles(doubled).await.map(|number| number + count)
}

/// A count whose owner may block.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Tally {
    count: u32,
}

#[entity]
impl Tally {
    pub(super) fn add(&mut self, by: u32) -> u32 {
        self.count += by;
        self.count
    }

    pub(super) fn add_after(&mut self, by: u32, name: String) -> u32 {
        self.count += by;
        gate(&name).pass();
        self.count
    }
}
