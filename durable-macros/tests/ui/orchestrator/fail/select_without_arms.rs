use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) {
    select! {}
}

fn main() {}
