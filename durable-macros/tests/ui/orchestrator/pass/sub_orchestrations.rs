//! Keeps D023, D025.

#![deny(warnings)]
use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum PackError {
    #[error("out of stock")]
    OutOfStock,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[orchestrator]
async fn pack(_ctx: &OrchestrationContext, item: String) -> Result<String, PackError> {
    if item.is_empty() { Err(PackError::OutOfStock) } else { Ok(item) }
}

#[orchestrator]
async fn ship(ctx: &OrchestrationContext) -> Result<String, PackError> {
    let plain = pack("a".to_owned()).id("packing").timeout(hours(1)).label("first").await?;
    let retried = pack("b".to_owned()).retry(RetryPolicy::new(3, seconds(1))).await?;
    let mut left = 3;
    let decided = pack("c".to_owned())
        .retry_with(|attempt, error| {
            left -= 1;
            matches!(error, PackError::OutOfStock).then(|| minutes(u64::from(attempt)))
        })
        .await?;
    let spawned = pack("d".to_owned()).spawn();
    ctx.start_detached(pack("e".to_owned())).await?;
    Ok([plain, retried, decided, spawned.await?].concat())
}

pub(crate) fn main() {}
