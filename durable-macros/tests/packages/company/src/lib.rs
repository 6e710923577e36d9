//! The runtime as a company's own crate: renamed in the manifest, re-exported for its applications.

pub use durable;

use durable::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// A decision of an operator.
#[derive(Event, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Whose it is.
    pub by: String,
}

/// What an order has come to.
#[derive(Debug, Serialize, Deserialize)]
pub enum Stage {
    /// Nobody has decided yet.
    Waiting,
}

/// An account of the company.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account {
    balance: u64,
}

#[entity]
impl Account {
    /// Adds to the balance.
    pub fn deposit(&mut self, amount: u64) -> u64 {
        self.balance += amount;
        self.balance
    }
}

/// Charges a card.
#[activity(retry(max_attempts = 3))]
pub async fn charge(cents: u64) -> u64 {
    cents
}

/// Waits for a while.
#[orchestrator(inline)]
pub async fn pause(ctx: &OrchestrationContext, steps: u64) {
    for _ in 0..steps {
        ctx.sleep(seconds(1)).await;
    }
}

/// Pays what was approved.
#[orchestrator(status = Stage, events(Approval))]
pub async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    ctx.set_status(Stage::Waiting);
    durable::select! {
        _ = ctx.wait_for::<Approval>() => {}
        _ = ctx.sleep(hours(48)) => return Ok(0),
    }
    pause(ctx, 2).await;
    let (charged, noted) = join!(charge(cents), async { charge(1).await });
    let mut account = lock!(Account::at("company")).await?;
    account.deposit(charged? + noted?).await
}
