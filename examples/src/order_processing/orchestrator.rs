//! The orchestrator of an order.

use durable_runtime::prelude::*;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

use super::activities::charge;
use super::activities::pack_cd;
use super::activities::refund;
use super::activities::ship;
use super::activities::validate;
use super::errors::OrderError;
use super::order::Order;
use super::order::Shipment;
use crate::inventory::Inventory;

/// Somebody decided on a large order.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub struct Approval {
    /// Whether it may be shipped.
    pub approved: bool,
    /// Who decided.
    #[serde(default = "somebody")]
    pub by: String,
}

impl Approval {
    /// Creates an approval.
    pub fn granted(by: impl Into<String>) -> Self {
        let by = by.into();
        Self { approved: true, by }
    }

    /// Creates a denial.
    pub fn denied(by: impl Into<String>) -> Self {
        let by = by.into();
        Self {
            approved: false,
            by,
        }
    }
}

fn somebody() -> String {
    "somebody".to_owned()
}

/// The stage of a large order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It waits for an [`Approval`].
    AwaitingApproval,
    /// It is being packed and shipped.
    Approved,
}

/// Takes an order from the shop to the customer.
///
/// An order can be cancelled until it is charged, and a large one until it is approved: then it is
/// refunded. All other calls are shielded. If a cancelled charge failed, nobody would know whether the
/// bank has taken the money.
#[orchestrator(status = Stage, events(Approval))]
pub async fn process_order(
    ctx: &OrchestrationContext,
    order: Order,
) -> Result<Shipment, OrderError> {
    validate(order.clone()).await?;
    let receipt = ctx.shielded(charge(order.clone())).await?;

    if order.needs_approval() {
        // So many CDs are put aside while somebody thinks about it.
        let inventory = Inventory::at("main");
        let reserved = ctx
            .shielded(inventory.reserve(order.id.clone(), "cd".to_owned(), order.cds))
            .await;
        if let Err(error) = reserved {
            ctx.shielded(refund(receipt)).await?;
            return Err(error.into());
        }
        ctx.set_status(Stage::AwaitingApproval);
        let refused = select! {
            decision = ctx.wait_for::<Approval>() => match decision {
                Approval { approved: true, .. } => None,
                Approval { by, .. } => Some(OrderError::Denied { by }),
            },
            _ = ctx.sleep(hours(48)) => Some(OrderError::NotApproved),
            _ = ctx.cancellation() => Some(Failure::Cancelled.into()),
        };
        if let Some(error) = refused {
            inventory.signal_release(order.id).await?;
            ctx.shielded(refund(receipt)).await?;
            return Err(error);
        }
        inventory.signal_shipped(order.id.clone()).await?;
        ctx.set_status(Stage::Approved);
    }

    let packed = (1..=order.cds).map(|cd| pack_cd(order.id.clone(), cd));
    let parcels = ctx.shielded(try_join_all(packed)).await?;

    Ok(ctx.shielded(ship(receipt, parcels)).await?)
}
