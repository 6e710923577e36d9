use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("declined")]
struct Declined;

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext) -> Result<(), Declined> {
    Err(Declined)
}

fn main() {}
