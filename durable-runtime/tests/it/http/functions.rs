//! What the tests run.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// Why an order fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum OrderError {
    #[error("{items} items are too many")]
    TooMany { items: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub(super) struct Approval {
    pub(super) by: String,
}

#[activity]
pub(super) async fn pick(items: u32) -> Result<u32, OrderError> {
    if items > 9 {
        return Err(OrderError::TooMany { items });
    }
    Ok(items)
}

/// Picks and returns how many.
#[orchestrator]
pub(super) async fn order(_ctx: &OrchestrationContext, items: u32) -> Result<u32, OrderError> {
    pick(items).await
}

/// Picks, then waits for somebody's approval.
#[orchestrator(version = "2", status = String, events(Approval))]
pub(super) async fn approved_order(
    ctx: &OrchestrationContext,
    items: u32,
) -> Result<String, OrderError> {
    let items = pick(items).await?;
    ctx.set_status(format!("{items} items wait"));
    Ok(ctx.wait_for::<Approval>().await.by)
}

/// Ends as it is asked to, and with an error.
#[orchestrator]
pub(super) async fn cancellable(ctx: &OrchestrationContext) -> Result<(), Failure> {
    ctx.cancellation().await;
    Err(Failure::Cancelled)
}

/// Comes to 41 files and fails. When it is tried again, it never ends.
#[activity(retry(max_attempts = 2, initial = "1h"))]
pub(super) async fn upload(ctx: ActivityContext) -> Result<(), OrderError> {
    match ctx.last_heartbeat::<u32>() {
        None => {
            ctx.heartbeat(41_u32);
            Err(OrderError::TooMany { items: 42 })
        }
        Some(_) => std::future::pending().await,
    }
}

/// Uploads, beside a timer.
#[orchestrator]
pub(super) async fn long_upload(ctx: &OrchestrationContext) -> Result<(), OrderError> {
    select! {
        uploaded = upload() => uploaded,
        () = ctx.sleep(days(1)) => Ok(()),
    }
}

/// Waits for a day, calls a sub-orchestration, and gives back what it was given.
#[orchestrator]
pub(super) async fn echo_later(
    ctx: &OrchestrationContext,
    value: Option<serde_json::Value>,
) -> Result<Option<serde_json::Value>, OrderError> {
    ctx.sleep(days(1)).await;
    order(1).id("child").await?;
    Ok(value)
}

/// Gives back what it was given.
#[orchestrator]
pub(super) async fn echo(
    _ctx: &OrchestrationContext,
    value: Option<serde_json::Value>,
) -> Option<serde_json::Value> {
    value
}

/// Some pieces of an article.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    sku: String,
    pieces: u32,
}

/// Takes several arguments, and returns how many pieces those are.
#[orchestrator]
pub(super) async fn reserve(_ctx: &OrchestrationContext, lines: Vec<Line>, gift: bool) -> u32 {
    let pieces: u32 = lines.iter().map(|line| line.pieces).sum();
    pieces + u32::from(gift)
}

/// Takes a number, or nothing.
#[orchestrator]
pub(super) async fn perhaps(_ctx: &OrchestrationContext, number: Option<u32>) -> Option<u32> {
    number
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Stock {
    discs: i64,
}

#[entity]
impl Stock {
    fn add(&mut self, discs: i64) {
        self.discs += discs;
    }
}
