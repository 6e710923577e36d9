//! Keeps D001: a clock that the body defines is the user's own.

use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    struct Instant(u64);
    impl Instant {
        fn now() -> Self {
            Self(7)
        }
    }
    mod time {
        pub(crate) struct OffsetDateTime;
        impl OffsetDateTime {
            pub(crate) fn now_utc() -> u64 {
                8
            }
        }
    }
    // std::time::Instant::now() in a comment, and in a text:
    let text = "std::time::SystemTime::now()";
    ctx.sleep(seconds(1)).await;
    let now = ctx.now();
    let began = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    assert!(now >= ctx.now() && began > std::time::UNIX_EPOCH);
    Instant::now().0 + time::OffsetDateTime::now_utc() + text.len() as u64
}

pub(crate) fn main() {}
