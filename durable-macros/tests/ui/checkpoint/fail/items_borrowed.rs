use durable_runtime::prelude::*;

#[orchestrator(checkpoint)]
async fn greet(ctx: &OrchestrationContext, names: Vec<String>) -> Result<(), Failure> {
    for name in names.iter() {
        ctx.sleep(seconds(name.len() as u64)).await;
    }
    Ok(())
}

fn main() {}
