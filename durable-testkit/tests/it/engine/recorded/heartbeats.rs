//! Progress that would not come back is no progress, and the attempt goes on.

use durable_runtime::prelude::*;
use durable_testkit::TestHub;

#[activity(retry(max_attempts = 2, initial = "1s"))]
async fn count(ctx: ActivityContext) -> Result<Option<f64>, Failure> {
    if ctx.attempt() == 1 {
        ctx.heartbeat(1.0);
        ctx.heartbeat(f64::NAN);
        return Err(Failure::Cancelled);
    }
    Ok(ctx.last_heartbeat())
}

#[orchestrator]
async fn supervise(_ctx: &OrchestrationContext) -> Result<Option<f64>, Failure> {
    count().await
}

#[tokio::test]
async fn progress_that_would_not_come_back_leaves_the_last_that_does() {
    let kit = TestHub::new().register(supervise).register(count);
    assert_eq!(kit.start(supervise()).await.result().await, Ok(Some(1.0)));
}
