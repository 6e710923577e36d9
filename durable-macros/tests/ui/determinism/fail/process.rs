use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let listed = std::process::Command::new("ls").status();
    ctx.sleep(seconds(1)).await;
    if listed.is_err() {
        std::process::exit(1);
    }
    u64::from(std::process::id())
}

fn main() {}
