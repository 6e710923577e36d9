//! An order as in the examples, small.

use std::time::Duration;

use durable_runtime::prelude::*;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum OrderError {
    #[error("declined")]
    Declined,
    #[error("out of stock")]
    OutOfStock,
    #[error("cancelled")]
    Cancelled,
    #[error("nobody decided")]
    TimedOut,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Clone, PartialEq, Event, Serialize, Deserialize)]
pub(super) enum Decision {
    Cancel,
    Wait { time: Duration },
}

#[activity(retry(max_attempts = 5, initial = "10s"))]
pub(super) async fn charge(order: String, cents: u64) -> Result<String, OrderError> {
    Ok(format!("{order} paid {cents}"))
}

#[activity]
pub(super) async fn pack(order: String, item: u32) -> Result<u32, OrderError> {
    let _ = order;
    Ok(item)
}

#[activity]
pub(super) async fn refund(receipt: String) -> String {
    receipt
}

#[orchestrator]
pub(super) async fn ship(
    ctx: &OrchestrationContext,
    parcels: Vec<u32>,
) -> Result<usize, OrderError> {
    ctx.sleep(days(2)).await;
    Ok(parcels.len())
}

#[orchestrator(status = String, events(Decision))]
pub(super) async fn process(
    ctx: &OrchestrationContext,
    order: String,
    items: Vec<u32>,
) -> Result<usize, OrderError> {
    ctx.set_status("charging".to_owned());
    let receipt = charge(order.clone(), 100).await?;
    let packed = try_join_all(items.iter().map(|item| pack(order.clone(), *item))).await;
    let parcels = match packed {
        Ok(parcels) => parcels,
        Err(OrderError::OutOfStock) => {
            ctx.set_status("waiting".to_owned());
            select! {
                decision = ctx.wait_for::<Decision>() => match decision {
                    Decision::Wait { time } => {
                        ctx.sleep(time).await;
                        items
                    }
                    Decision::Cancel => {
                        refund(receipt).await?;
                        return Err(OrderError::Cancelled);
                    }
                },
                _ = ctx.sleep(hours(48)) => {
                    refund(receipt).await?;
                    return Err(OrderError::TimedOut);
                }
            }
        }
        Err(error) => return Err(error),
    };
    ctx.set_status("shipping".to_owned());
    ship(parcels).await
}
