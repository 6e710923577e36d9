//! Keeps D005: what is read when the program is built is the same for each of its processes.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> String {
    mod env {
        pub(crate) fn var(name: &str) -> String {
            name.to_owned()
        }
    }
    ctx.sleep(seconds(1)).await;
    env::var("LIMIT") + env!("CARGO_PKG_NAME")
}

pub(crate) fn main() {}
