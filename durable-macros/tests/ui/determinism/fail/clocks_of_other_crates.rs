use durable_runtime::prelude::*;

mod chrono {
    pub struct Utc;

    impl Utc {
        pub fn now() -> u64 {
            1
        }
    }
}

mod jiff {
    pub struct Timestamp;

    impl Timestamp {
        pub fn now() -> u64 {
            2
        }
    }
}

mod time {
    pub struct OffsetDateTime;

    impl OffsetDateTime {
        pub fn now_utc() -> u64 {
            3
        }
    }
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    let seconds = [
        chrono::Utc::now(),
        jiff::Timestamp::now(),
        time::OffsetDateTime::now_utc(),
    ];
    seconds.iter().sum::<u64>() + ctx.random::<u64>()
}

fn main() {}
