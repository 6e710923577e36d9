//! What the checks run. Nothing of it panics, whatever it is given.

use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use serde::Deserialize;
use serde::Serialize;

/// Why an order fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum OrderError {
    #[error("{items} items are too many")]
    TooMany { items: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub(crate) struct Approval {
    pub(crate) by: String,
}

#[activity]
pub(crate) async fn pick(items: u32) -> Result<u32, OrderError> {
    if items > 9 {
        return Err(OrderError::TooMany { items });
    }
    Ok(items)
}

/// Comes to no end.
#[activity]
pub(crate) async fn hold() {
    std::future::pending::<()>().await;
}

/// Calls it.
#[orchestrator]
pub(crate) async fn held(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    hold().await
}

/// Calls one that does.
#[orchestrator]
pub(crate) async fn family(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    held().id("child").await
}

/// Waits with a lock in its hand.
#[orchestrator(events(Approval))]
pub(crate) async fn keeper(ctx: &OrchestrationContext, key: String) -> Result<i64, Failure> {
    let mut discs = lock!(Stock::at(key)).await?;
    ctx.wait_for::<Approval>().await;
    discs.add(1).await
}

#[orchestrator]
pub(crate) async fn order(_ctx: &OrchestrationContext, items: u32) -> Result<u32, OrderError> {
    pick(items).await
}

/// Makes a call of every kind.
#[orchestrator(version = "2", status = String, events(Approval))]
pub(crate) async fn journey(ctx: &OrchestrationContext, items: u32) -> Result<String, OrderError> {
    let picked = pick(items).await?;
    ctx.set_status(format!("{picked} picked"));
    let (ordered, ()) = try_join!(order(picked), async {
        Stock::at("discs").add(1).await?;
        Ok(())
    })?;
    ctx.sleep(minutes(1)).await;
    let by = select! {
        approval = ctx.wait_for::<Approval>() => approval.by,
        () = ctx.sleep(days(30)) => "nobody".to_owned(),
    };
    let mut discs = lock!(Stock::at("discs")).await?;
    let left = discs.add(i64::from(ordered)).await?;
    drop(discs);
    if ctx.patched("farewell") {
        Stock::at("discs").signal_add(left).await?;
    }
    Ok(by)
}

/// Saves its state at the head of a loop.
#[orchestrator(checkpoint = 2)]
pub(crate) async fn rounds(ctx: &OrchestrationContext, most: u32) -> Result<u32, OrderError> {
    let mut round = 0_u32;
    let mut sum = 0_u32;
    loop {
        round = round.saturating_add(1);
        ctx.sleep(hours(1)).await;
        sum = sum.saturating_add(pick(round % 5).await?);
        if round >= most {
            return Ok(sum);
        }
    }
}

/// Begins anew until nothing is left.
#[orchestrator]
pub(crate) async fn countdown(ctx: &OrchestrationContext, left: u32) -> u32 {
    ctx.sleep(hours(1)).await;
    if left > 0 && left < 10 {
        return ctx.continue_as_new(left - 1).await;
    }
    left
}

/// Ends as it is asked to, and with an error.
#[orchestrator]
pub(crate) async fn cancellable(ctx: &OrchestrationContext) -> Result<(), Failure> {
    ctx.cancellation().await;
    Err(Failure::Cancelled)
}

/// Gives back what it was given.
#[orchestrator]
pub(crate) async fn echo(
    _ctx: &OrchestrationContext,
    value: Option<serde_json::Value>,
) -> Option<serde_json::Value> {
    value
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Stock {
    discs: i64,
}

#[entity]
impl Stock {
    pub(crate) fn add(&mut self, discs: i64) -> i64 {
        self.discs = self.discs.saturating_add(discs);
        self.discs
    }

    pub(crate) fn take(&mut self, items: u32) -> Result<i64, OrderError> {
        if items > 9 {
            return Err(OrderError::TooMany { items });
        }
        Ok(self.add(-i64::from(items)))
    }
}

/// Makes the calls that others leave out: those that fail, come late or are for others.
#[orchestrator(events(Approval))]
pub(crate) async fn errand(ctx: &OrchestrationContext, items: u32) -> Result<i64, OrderError> {
    let more = ctx.side_effect(|| 4_u32).await;
    let patient = RetryPolicy::new(2, hours(1)).jitter(0.5);
    let picked = pick(items).retry(patient).timeout(days(1)).await;
    let ordered = order(items.saturating_add(more)).timeout(hours(1)).await;
    let held = ctx.shielded(hold().timeout(minutes(30))).await;
    ctx.start_detached(order(items).id("aside")).await?;
    let taken = Stock::at("cups").take(items).await;
    let mut cups = lock!(Stock::at("cups")).await?;
    let past = Stock::at(format!("{}s", "cup")).add(1).await;
    let left = cups.add(1).await?;
    drop(cups);
    Stock::at("cups").signal_add(left).after(hours(1)).await?;
    ctx.wait_for::<Approval>().await;
    held?;
    picked?;
    ordered?;
    past?;
    taken
}

/// All of them.
pub(crate) fn register(mut registry: Registry) -> Registry {
    registry.register(pick);
    registry.register(hold);
    registry.register(held);
    registry.register(family);
    registry.register(keeper);
    registry.register(order);
    registry.register(journey);
    registry.register(rounds);
    registry.register(countdown);
    registry.register(cancellable);
    registry.register(echo);
    registry.register(errand);
    registry.register_entity::<Stock>();
    registry
}
