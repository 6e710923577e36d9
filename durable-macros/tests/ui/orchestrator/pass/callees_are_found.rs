#![deny(warnings)]
use durable_runtime::prelude::*;
use durable_runtime::registry::Registry;
use futures::future::join_all;

mod payments {
    use durable_runtime::prelude::*;

    #[activity]
    pub(super) async fn charge(cents: u64) -> u64 {
        cents
    }

    pub(super) mod later {
        #[durable_runtime::prelude::activity(name = "refund_later")]
        pub(crate) async fn refund(cents: u64) -> u64 {
            cents
        }
    }

    #[activity]
    pub(super) async fn unused(cents: u64) -> u64 {
        cents
    }
}

// A function and a module of one name, and a plain function that is awaited.
mod total {
    pub(super) fn total(cents: &[u64]) -> u64 {
        cents.iter().sum()
    }
}
use payments::charge as collect_money;
use payments::later;
use total::total;

fn plain(ctx: &OrchestrationContext) -> DurableBox<'_, ()> {
    ctx.sleep(seconds(1)).boxed_durable()
}

#[activity]
async fn spawned(cents: u64) -> u64 {
    cents
}

#[activity]
async fn mapped(cents: u64) -> u64 {
    cents
}

#[activity]
async fn listed(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn child(_ctx: &OrchestrationContext) {}

#[orchestrator]
async fn detached(_ctx: &OrchestrationContext) {}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext, cents: Vec<u64>) -> Result<u64, Failure> {
    let total = total(&cents);
    plain(ctx).await;
    collect_money(total).retry(RetryPolicy::new(2, seconds(1))).await?;
    later::refund(total).await?;
    let handle = spawned(1).spawn();
    let calls: Vec<_> = cents.iter().map(|cents| mapped(*cents)).collect();
    join_all(calls).await;
    join_all(vec![listed(1), listed(2)]).await;
    child().await?;
    ctx.start_detached(detached()).await?;
    handle.await
}

pub(crate) fn main() {
    let mut registry = Registry::default();
    registry.register(pay);
    let error = registry.check().unwrap_err().to_string();
    let missing = ["charge", "refund_later", "spawned", "mapped", "listed", "child", "detached"];
    for name in missing {
        assert!(error.contains(&format!("`{name}`")), "{name} is missing in {error}");
    }
    assert_eq!(error.lines().count(), missing.len() + 1, "{error}");
    let _ = payments::unused;
}
