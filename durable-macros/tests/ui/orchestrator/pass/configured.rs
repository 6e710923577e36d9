#![deny(warnings)]

use durable_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
enum Stage {
    Charging,
    #[cfg(any())]
    Refunding,
    Done,
}

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[cfg(any())]
#[activity]
async fn refund(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, stage: Stage) -> Result<u64, Failure> {
    #[cfg(any())]
    refund(1).await?;
    #[cfg(not(any()))]
    charge(1).await?;
    let cents = match stage {
        #[cfg(any())]
        Stage::Refunding => refund(2).await?,
        #[cfg(not(any()))]
        Stage::Charging => charge(2).await?,
        Stage::Done => 0,
    };
    #[cfg(any())]
    select! {
        _ = refund(3) => {}
        _ = ctx.sleep(hours(1)) => {}
    }
    #[cfg(any())]
    refund(4);
    #[cfg(any())]
    let _ = lock!(refund(5)).await?;
    #[cfg(any())]
    lock!(refund(6));
    ctx.sleep(hours(1)).await;
    Ok(cents)
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(pay);
    registry.register(charge);
    registry.check().unwrap();
}
