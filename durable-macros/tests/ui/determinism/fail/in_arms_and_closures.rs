use durable_runtime::prelude::*;

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let value = select! {
        _ = tokio::time::sleep(seconds(1)) => 1,
        sum = async { std::process::id() } => u64::from(sum),
    };
    let charged = charge(value)
        .retry_with(|attempt, _| (std::env::args().count() > attempt as usize).then(|| seconds(1)))
        .await;
    ctx.log().info(format!("{:?}", std::time::Instant::now()));
    charged.unwrap_or_default()
}

fn main() {}
