//! Until an instance waits for its event.

use std::time::Duration;

use durable_runtime::Result;
use durable_runtime::client::Instance;
use durable_runtime::orchestration::Orchestrator;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;

/// Looks at the instance until it waits.
pub(crate) async fn until_waiting<O: Orchestrator>(instance: &Instance<O>) -> Result<()> {
    let mut looks = interval(Duration::from_millis(2));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while instance.status().await?.custom_status().is_none() {
        looks.tick().await;
    }
    Ok(())
}
