//! Keeps D015.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    macro_rules! info {
        ($text:literal) => {
            $text.len() as u64
        };
    }
    ctx.log().info(format_args!("println! of {cents}"));
    ctx.log().warn("tracing::info!");
    ctx.sleep(seconds(1)).await;
    let length = info!("a macro of the user's own");
    assert!(length > 0, "{cents}");
    length
}

pub(crate) fn main() {}
