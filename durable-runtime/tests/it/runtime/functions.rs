//! What the tests run.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    Waiting { since_step: u32 },
}

/// Why an order fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum OrderError {
    #[error("{items} items are too many")]
    TooMany { items: u32 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub(super) struct Approval {
    pub(super) by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub(super) struct Remark(pub(super) String);

/// Counts how often activities ran.
#[derive(Debug, Default)]
pub(super) struct Runs(AtomicU32);

impl Runs {
    pub(super) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[activity]
pub(super) async fn pick(runs: State<std::sync::Arc<Runs>>, items: u32) -> Result<u32, OrderError> {
    runs.0.fetch_add(1, Ordering::SeqCst);
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
#[orchestrator(version = "2", status = Stage, events(Approval, Remark))]
pub(super) async fn approved_order(
    ctx: &OrchestrationContext,
    items: u32,
) -> Result<String, OrderError> {
    let items = pick(items).await?;
    ctx.set_status(Stage::Waiting { since_step: items });
    Ok(ctx.wait_for::<Approval>().await.by)
}

#[orchestrator]
pub(super) async fn careless(_ctx: &OrchestrationContext) -> Result<u32, OrderError> {
    let items: Vec<u32> = Vec::new();
    Ok(items[7])
}
