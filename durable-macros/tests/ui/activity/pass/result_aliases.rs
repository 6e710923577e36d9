//! Keeps D026.

use durable_runtime::prelude::*;

type Result<T> = std::result::Result<T, Failure>;

mod bank {
    pub(super) type Result<T, E = durable_runtime::Failure> = std::result::Result<T, E>;
}

#[activity]
async fn charge(cents: u64) -> Result<u64> {
    Ok(cents)
}

#[activity]
async fn refund(cents: u64) -> bank::Result<u64> {
    Ok(cents)
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Result<u64> {
    let paid: u64 = charge(1).await?;
    Ok(refund(paid).await?)
}

pub(crate) fn main() {}
