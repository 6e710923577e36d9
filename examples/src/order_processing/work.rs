//! Starts the orders and waits for them to end.

use std::time::Duration;

use durable_runtime::client::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::Instance;
use durable_runtime::client::InstanceInfo;
use durable_runtime::client::Instances;
use durable_runtime::client::ResultError;
use durable_runtime::commands::IfExists;
use durable_runtime::work::InstanceStatus;
use futures::StreamExt;
use futures::TryStreamExt;
use futures::stream;

use super::operator::approve_everything;
use super::operator::awaits_approval;
use super::options::Approver;
use super::options::Options;
use super::orchestrator::ProcessOrderClient;
use super::orchestrator::process_order;
use super::order::Order;
use super::progress::Progress;

/// How long to wait for the end of an order that nothing is known to hold up. Then it is looked at
/// again with the others that are left.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for the end of an order that may be held up.
const LOOK: Duration = Duration::from_millis(100);

/// The way of all orders to their end.
#[derive(Debug)]
pub(super) struct Work {
    client: Client,
    orders: ProcessOrderClient,
    concurrency: usize,
    approver: Approver,
    crash_after: Option<u64>,
}

impl Work {
    pub(super) fn new(client: Client, options: &Options) -> Self {
        Self {
            orders: ProcessOrderClient::new(client.clone()),
            client,
            concurrency: options.concurrency.get(),
            approver: options.approver,
            crash_after: options.crash_after,
        }
    }

    /// Starts the orders that are new and waits until none in the hub can go on: all have ended,
    /// wait for an approval that nobody gives, or are stalled. Returns reports of those.
    pub(super) async fn finish(&self, orders: Vec<Order>) -> Result<Vec<String>, ClientError> {
        let some_ended = self.have_some_ended().await?;
        let progress = Progress::new(orders.len(), self.crash_after);
        let work = async {
            self.start_all(orders, some_ended, &progress).await?;
            self.settle(&progress).await
        };
        let stalled = match self.approver {
            Approver::None => work.await?,
            Approver::Auto => tokio::select! {
                stalled = work => stalled?,
                Err(error) = approve_everything(&self.client) => return Err(error),
            },
        };
        progress.finish();
        Ok(stalled)
    }

    /// Whether runs before this one have left orders that need nothing more. One tells: how many there
    /// are must not matter to those that are new.
    async fn have_some_ended(&self) -> Result<bool, ClientError> {
        let orders = self.client.instances().name("process_order");
        let ended = InstanceStatus::TERMINAL.into_iter();
        let mut first = ended.fold(orders, Instances::status).page(1);
        Ok(first.next_page().await?.is_some())
    }

    async fn start_all(
        &self,
        orders: Vec<Order>,
        some_ended: bool,
        progress: &Progress,
    ) -> Result<(), ClientError> {
        stream::iter(orders)
            .map(|order| async move {
                if some_ended && self.has_ended(&order).await? {
                    progress.ended_before();
                    return Ok(());
                }
                self.see_through(order, progress).await
            })
            .buffer_unordered(self.concurrency)
            .try_collect()
            .await
    }

    /// Whether a run before this one has seen the order to its end.
    async fn has_ended(&self, order: &Order) -> Result<bool, ClientError> {
        let instance = self.orders.instance(&order.id);
        match instance.status().await {
            Ok(status) => Ok(status.status().is_terminal()),
            Err(ClientError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Starts an order and waits for its end, unless that needs somebody to approve: such an order
    /// must not keep others from being started.
    async fn see_through(&self, order: Order, progress: &Progress) -> Result<(), ClientError> {
        let held_up = order.needs_approval();
        let id = order.id.clone();
        let start = self.orders.start(order).id(id).if_exists(IfExists::Use);
        let instance = start.await?;
        if held_up {
            return Ok(());
        }
        await_end(&instance, PATIENCE, progress).await
    }

    /// Waits for the orders that are left.
    async fn settle(&self, progress: &Progress) -> Result<Vec<String>, ClientError> {
        loop {
            let left = self.list(
                InstanceStatus::ALL
                    .into_iter()
                    .filter(|status| !status.is_terminal()),
            );
            let (going, held_up) = self.split(left.await?).await?;
            if going.is_empty() {
                return Ok(held_up.iter().filter_map(report).collect());
            }
            stream::iter(going)
                .map(|order| async move {
                    let instance = self.orders.instance(order.id());
                    await_end(&instance, LOOK, progress).await
                })
                .buffer_unordered(self.concurrency)
                .try_collect::<()>()
                .await?;
        }
    }

    /// Which orders can go on by themselves, and which cannot.
    async fn split(
        &self,
        orders: Vec<InstanceInfo>,
    ) -> Result<(Vec<InstanceInfo>, Vec<InstanceInfo>), ClientError> {
        let (mut going, mut held_up) = (Vec::new(), Vec::new());
        for order in orders {
            if self.is_held_up(&order).await? {
                held_up.push(order);
            } else {
                going.push(order);
            }
        }
        Ok((going, held_up))
    }

    async fn is_held_up(&self, order: &InstanceInfo) -> Result<bool, ClientError> {
        if order.status() == InstanceStatus::Stalled {
            return Ok(true);
        }
        if self.approver == Approver::Auto || !awaits_approval(order) {
            return Ok(false);
        }
        // An approval of an earlier run may be on its way.
        let instance = self.client.instance(order.id()).of::<process_order>();
        let status = instance.status().await?;
        Ok(status.unread_events().is_empty() && awaits_approval(&status))
    }

    async fn list(
        &self,
        statuses: impl Iterator<Item = InstanceStatus>,
    ) -> Result<Vec<InstanceInfo>, ClientError> {
        let orders = self.client.instances().name("process_order");
        let mut pages = statuses.fold(orders, Instances::status).page(1_000);
        let mut all = Vec::new();
        while let Some(page) = pages.next_page().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

/// Waits a while for the end of an order and counts it.
async fn await_end(
    order: &Instance<process_order>,
    patience: Duration,
    progress: &Progress,
) -> Result<(), ClientError> {
    match order.result().timeout(patience).await {
        Ok(_) => progress.completed(),
        Err(ResultError::TimedOut) => {}
        Err(ResultError::Client(error)) => return Err(error),
        Err(_) => progress.failed(),
    }
    Ok(())
}

/// What people have to know of an order that is held up.
fn report(order: &InstanceInfo) -> Option<String> {
    let stalled = order.stalled()?;
    Some(format!("order {} is stalled: {stalled}", order.id()))
}
