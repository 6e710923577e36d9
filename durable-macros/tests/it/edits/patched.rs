//! `ctx.patched("…")`: old executions that passed the place get false, new ones true.

use std::sync::Arc;

use durable_runtime::store::ModelStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

use super::shop::*;

mod before {
    use super::*;

    #[orchestrator(name = "subject")]
    pub(super) async fn subject(ctx: &OrchestrationContext) -> Vec<bool> {
        ctx.sleep(hours(1)).await;
        ctx.sleep(hours(1)).await;
        Vec::new()
    }
}

mod after {
    use super::*;

    #[orchestrator(name = "subject")]
    pub(super) async fn subject(ctx: &OrchestrationContext) -> Vec<bool> {
        let first = ctx.patched("first hour");
        ctx.sleep(hours(1)).await;
        let second = ctx.patched("second hour");
        ctx.sleep(hours(1)).await;
        vec![first, second, ctx.patched("first hour")]
    }
}

#[tokio::test]
async fn a_change_applies_where_an_execution_has_not_been() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let hub = || Pump::builder().store(store.clone()).clock(&clock);
    let mut old = hub().register(before::subject).start().await.unwrap();
    let client = before::SubjectClient::new(old.client());
    client.start().id("old").await.unwrap();
    old.run_until_idle().await.unwrap();
    drop(old);
    clock.advance(minutes(1));

    let mut new = hub().register(after::subject).start().await.unwrap();
    let client = after::SubjectClient::new(new.client());
    let young = client.start().id("young").await.unwrap();
    for _ in 0..3 {
        new.advance(hours(1)).await.unwrap();
    }
    let old = client.instance(InstanceId::new("old").unwrap());
    assert_eq!(old.result().await.unwrap(), [false, true, false]);
    assert_eq!(young.result().await.unwrap(), [true, true, true]);
}
