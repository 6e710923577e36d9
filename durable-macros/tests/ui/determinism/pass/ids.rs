//! Keeps D004.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> String {
    struct Uuid(u64);
    impl Uuid {
        fn new_v4() -> Self {
            Self(4)
        }
    }
    let id = ctx.new_uuid();
    ctx.sleep(seconds(Uuid::new_v4().0)).await;
    id.to_string()
}

pub(crate) fn main() {}
