use durable_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize)]
enum Stage {
    Charging,
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    ctx.set_status(Stage::Charging);
}

fn main() {}
