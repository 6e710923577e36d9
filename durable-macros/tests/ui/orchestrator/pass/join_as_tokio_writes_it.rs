#![deny(warnings)]
use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, card: String) -> Result<u64, Failure> {
    let (a, (), c) = join!(
        charge(1),
        ctx.sleep(seconds(1)),
        async { charge(card.len() as u64).await },
    );
    let (d, e) = tokio::try_join!(charge(a?), async {
        let paid = charge(c?).await?;
        ctx.sleep(seconds(1)).await;
        Ok(paid)
    })?;
    let (only,) = futures::join!(charge(d));
    let nested = futures_util::join!(async { join!(charge(1), charge(2)) }, charge(3));
    let _: ((Result<u64, Failure>, Result<u64, Failure>), Result<u64, Failure>) = nested;
    Ok(only? + e)
}

pub(crate) fn main() {}
