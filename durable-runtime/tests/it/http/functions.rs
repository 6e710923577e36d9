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
