use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, due: Option<u64>) -> u64 {
    ctx.sleep(seconds(1)).await;
    let at = due.map(std::time::Duration::from_secs).map(|due| std::time::UNIX_EPOCH + due);
    let at = at.unwrap_or_else(std::time::SystemTime::now);
    u64::from(at > std::time::UNIX_EPOCH)
}

fn main() {}
