use durable_runtime::prelude::*;

#[orchestrator(checkpoint)]
async fn watch(ctx: &OrchestrationContext, names: Vec<String>) -> Result<(), Failure> {
    let first = &names[0];
    loop {
        ctx.sleep(seconds(first.len() as u64)).await;
    }
}

fn main() {}
