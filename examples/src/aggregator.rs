//! Aggregator: events of many sources, correlated by a key into one state.
//!
//! The warehouse, the carrier and the customer's phone all tell what happened to an order. They tell
//! it more than once, and not in the order in which it happened. Each order is an entity under its
//! id, so that all that is told of it comes to one place, one after the other; when it has all that
//! it waits for it starts an orchestration, once.

use std::collections::BTreeSet;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// What can happen to an order, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Milestone {
    /// It lies in its box.
    Packed,
    /// The carrier has it.
    Shipped,
    /// The customer has it.
    Delivered,
}

impl Milestone {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Packed, Self::Shipped, Self::Delivered];
}

/// Something that a source tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// What happened.
    pub milestone: Milestone,
    /// Who says so.
    pub source: String,
}

/// What is known of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatus {
    reached: BTreeSet<Milestone>,
    sources: BTreeSet<String>,
    repeated: u32,
}

#[entity]
impl OrderStatus {
    /// Takes in what a source tells.
    pub fn tell(&mut self, ctx: &EntityContext, event: OrderEvent) {
        let OrderEvent { milestone, source } = event;
        self.sources.insert(source);
        if !self.reached.insert(milestone) {
            self.repeated += 1;
        } else if self.reached.len() == Milestone::ALL.len() {
            let order_id = ctx.key().to_owned();
            let close = close_order(order_id.clone(), self.sources.clone());
            ctx.start(close.id(closing_id(&order_id)));
        }
    }

    /// How far the order has come.
    #[read_only]
    pub fn furthest(&self) -> Option<Milestone> {
        self.reached.last().copied()
    }

    /// What must have happened, and nobody has told yet.
    #[read_only]
    pub fn missing(&self) -> Vec<Milestone> {
        let furthest = self.reached.last();
        let before = Milestone::ALL
            .into_iter()
            .filter(|one| Some(one) < furthest);
        before.filter(|one| !self.reached.contains(one)).collect()
    }
}

/// The id of the orchestration that closes an order.
pub fn closing_id(order_id: &str) -> String {
    format!("close-{order_id}")
}

/// Asks the customer how it was.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn send_survey(order_id: String) -> String {
    format!("how was {order_id}?")
}

/// Puts an order that is complete into the archive; returns a line for it.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn archive(order_id: String, sources: BTreeSet<String>) -> String {
    let sources = Vec::from_iter(sources).join(", ");
    format!("{order_id} is delivered, say {sources}")
}

/// What happens once all is known of an order: it is archived at once, and its customer asked a week
/// later.
#[orchestrator(status = String)]
pub async fn close_order(
    ctx: &OrchestrationContext,
    order_id: String,
    sources: BTreeSet<String>,
) -> Result<String, Failure> {
    let line = archive(order_id.clone(), sources).await?;
    ctx.set_status(line);
    ctx.sleep(days(7)).await;
    send_survey(order_id).await
}
