//! The operator of `--approver auto`, who approves every large order.

use std::convert::Infallible;
use std::time::Duration;

use durable_runtime::client::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::InstanceInfo;
use durable_runtime::work::InstanceStatus;
use tokio::time::MissedTickBehavior;

use super::orchestrator::Approval;
use super::orchestrator::Stage;
use super::orchestrator::process_order;

/// Looks for orders that wait for an approval and grants it, for ever.
pub(super) async fn approve_everything(client: &Client) -> Result<Infallible, ClientError> {
    let mut rounds = tokio::time::interval(Duration::from_millis(100));
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        let waiting = client
            .instances()
            .name("process_order")
            .status(InstanceStatus::Running)
            .custom_status(&Stage::AwaitingApproval)?;
        let mut pages = waiting.page(500);
        while let Some(instances) = pages.next_page().await? {
            for instance in &instances {
                approve(client, instance).await?;
            }
        }
    }
}

/// Whether the order waits for somebody.
pub(super) fn awaits_approval(order: &InstanceInfo) -> bool {
    let stage = order.recorded_custom_status();
    stage.is_some_and(|stage| {
        stage
            .decode()
            .is_ok_and(|stage: Stage| stage == Stage::AwaitingApproval)
    })
}

async fn approve(client: &Client, order: &InstanceInfo) -> Result<(), ClientError> {
    let approval = Approval::granted("the operator");
    let instance = client.instance(order.id()).of::<process_order>();
    // The next round may come before the order has read this one's approval.
    match instance.raise(approval).dedup_id("operator").await {
        Err(ClientError::AlreadyFinished { .. }) => Ok(()),
        raised => raised,
    }
}
