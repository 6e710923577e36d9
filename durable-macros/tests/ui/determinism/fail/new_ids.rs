use durable_runtime::prelude::*;

mod uuid {
    pub struct Uuid;

    impl Uuid {
        pub fn new_v4() -> u64 {
            4
        }
    }
}

struct Ulid;

impl Ulid {
    fn new() -> u64 {
        5
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let ids = [uuid::Uuid::new_v4(), Ulid::new()];
    ctx.sleep(seconds(1)).await;
    ids[0] + ids[1]
}

fn main() {}
