//! Aggregator: events from many sources become one state, by their key.
//!
//! The warehouse, the carrier and the customer's phone all report what happened to an order. They
//! report it more than once, and not in the order in which it happened. Each order is an entity
//! under its id, so all reports of an order arrive at one place, one after the other. When the
//! entity has all the reports that it needs, it starts an orchestration, once.

use std::collections::BTreeSet;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// What can happen to an order, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Milestone {
    /// The order is packed.
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

/// A report from a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// What happened.
    pub milestone: Milestone,
    /// Who reports it.
    pub source: String,
}

/// What is known about an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderStatus {
    reached: BTreeSet<Milestone>,
    sources: BTreeSet<String>,
    repeated: u32,
}

#[entity]
impl OrderStatus {
    /// Takes in a report.
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

    /// Returns how far the order has come.
    #[read_only]
    pub fn furthest(&self) -> Option<Milestone> {
        self.reached.last().copied()
    }

    /// Returns what must have happened and has not been reported yet.
    #[read_only]
    pub fn missing(&self) -> Vec<Milestone> {
        let furthest = self.reached.last();
        let before = Milestone::ALL
            .into_iter()
            .filter(|one| Some(one) < furthest);
        before.filter(|one| !self.reached.contains(one)).collect()
    }
}

/// Returns the id of the orchestration that closes an order.
pub fn closing_id(order_id: &str) -> String {
    format!("close-{order_id}")
}

/// Asks the customer for an opinion.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn send_survey(order_id: String) -> String {
    format!("how was {order_id}?")
}

/// Puts a complete order into the archive; returns a line for it.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn archive(order_id: String, sources: BTreeSet<String>) -> String {
    let sources = Vec::from_iter(sources).join(", ");
    format!("{order_id} is delivered, say {sources}")
}

/// Closes an order once everything about it is known: archives it at once, and asks its customer a
/// week later.
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
