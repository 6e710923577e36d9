//! Keeps D006, D007, D009: files, network and threads are an activity's.

use durable_runtime::prelude::*;

#[activity(blocking)]
fn read_prices(name: String) -> String {
    std::fs::read_to_string(name).unwrap_or_default()
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<String, Failure> {
    struct File(String);
    impl File {
        fn open(name: &str) -> Self {
            Self(name.to_owned())
        }
    }
    let file = File::open("std::fs::read");
    ctx.log().info(&file.0);
    read_prices(file.0).await
}

pub(crate) fn main() {}
