//! Keeps D019.

use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<String, Failure> {
    ctx.log().info(format_args!("{}", charge(1).await?));
    assert_eq!(charge(1).await?, 1, "charged {}", charge(2).await?);
    let all = vec![charge(1).await?, charge(2).await?];
    let same = vec![charge(3).await?; 2];
    ctx.log().info(format_args!("{all:?} {same:?}"));
    let body = serde_json::json!({ "cents": charge(6).await?, "more": [charge(7).await?, { "a": 1 }] });
    if !matches!(charge(8).await, Ok(8)) {
        unreachable!("{}", ctx.now());
    }
    Ok(format!("{body} {cents:>3}", cents = charge(9).await?))
}

pub(crate) fn main() {}
