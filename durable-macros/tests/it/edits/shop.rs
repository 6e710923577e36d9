//! What the edited orchestrators call.

pub(crate) use durable_runtime::prelude::*;
pub(crate) use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) total: u64,
    pub(crate) kind: Kind,
    pub(crate) items: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Letter,
    Parcel { pieces: u64 },
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct Approval;

#[activity]
pub(crate) async fn charge(cents: u64) -> u64 {
    cents
}

#[activity]
pub(crate) async fn refund(cents: u64) -> u64 {
    cents
}

#[activity]
pub(crate) async fn pack(item: u64) -> u64 {
    item
}

#[activity]
pub(crate) async fn wrap(item: u64) -> u64 {
    item
}

#[activity]
pub(crate) async fn ship(cents: u64) -> u64 {
    cents
}

/// Fails when it is given nothing.
#[activity]
pub(crate) async fn insure(cents: u64) -> Result<u64, Failure> {
    match cents {
        0 => panic!("nothing to insure"),
        cents => Ok(cents),
    }
}

#[orchestrator]
pub(crate) async fn deliver(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    ctx.sleep(hours(1)).await;
    Ok(cents)
}

#[orchestrator(inline)]
pub(crate) async fn nap_and_pack(ctx: &OrchestrationContext, item: u64) -> Result<u64, Failure> {
    ctx.sleep(hours(1)).await;
    pack(item).await
}
