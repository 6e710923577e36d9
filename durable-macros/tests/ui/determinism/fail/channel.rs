use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let sent = sender.try_send(1).is_ok();
    ctx.sleep(seconds(u64::from(sent))).await;
    receiver.try_recv().unwrap_or_default()
}

fn main() {}
