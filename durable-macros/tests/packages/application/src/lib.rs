//! A program whose manifest does not list the runtime: `crate = …` says where it is.
//!
//! All lints are on, and CI lints this crate as it does all others: generated code gives no reason to
//! say anything. What is allowed here is the style of what stands in this file.

#![warn(clippy::pedantic, clippy::nursery, clippy::cargo, clippy::restriction)]
#![allow(
    clippy::blanket_clippy_restriction_lints,
    clippy::cargo_common_metadata,
    clippy::implicit_return,
    clippy::multiple_crate_versions,
    clippy::question_mark_used,
    clippy::missing_trait_methods,
    clippy::min_ident_chars,
    clippy::arbitrary_source_item_ordering,
    clippy::separated_literal_suffix,
    reason = "the style of what is written here, and of what serde derives"
)]

use durable_company::durable::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// A decision of an operator.
#[derive(Event, Debug, Serialize, Deserialize)]
#[event(crate = durable_company::durable, name = "approval")]
#[non_exhaustive]
pub struct Approval {
    /// Whose it is.
    pub by: String,
}

/// What an order has come to.
#[derive(Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Stage {
    /// Nobody has decided yet.
    Waiting,
}

/// An account.
#[derive(Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// What is there.
    balance: u64,
}

#[entity(crate = durable_company::durable, version = "2")]
impl Account {
    /// Adds to the balance.
    #[inline]
    pub fn deposit(&mut self, amount: u64) {
        self.balance = self.balance.saturating_add(amount);
    }

    /// Gives the balance to another account.
    ///
    /// # Errors
    /// When the signal cannot be recorded.
    #[inline]
    pub async fn close(&mut self, heir: String) -> Result<(), Failure> {
        Self::at(heir).signal_deposit(self.balance).await
    }

    /// Tells the balance.
    #[read_only]
    #[inline]
    pub async fn balance(&self) -> u64 {
        self.balance
    }
}

/// Charges a card.
#[activity(crate = durable_company::durable, retry(max_attempts = 3), timeout = "10s")]
pub async fn charge(cents: u64) -> Result<u64, Failure> {
    Ok(cents)
}

/// Writes a note.
#[activity(crate = durable_company::durable, blocking)]
pub fn note(text: String) -> usize {
    text.len()
}

/// Waits for a while.
#[orchestrator(crate = durable_company::durable, inline)]
pub async fn pause(ctx: &OrchestrationContext, steps: u64) {
    for _ in 0..steps {
        ctx.sleep(seconds(1)).await;
    }
}

/// Pays what was approved.
#[orchestrator(
    crate = durable_company::durable,
    version = "2",
    status = Stage,
    events(Approval)
)]
pub async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    ctx.set_status(Stage::Waiting);
    select! {
        approval = ctx.wait_for::<Approval>() => ctx.log().info(approval.by),
        () = ctx.sleep(hours(48)) => return Ok(0),
    }
    pause(ctx, 2).await;
    let (charged, noted) = join!(charge(cents), async { note("paid".to_owned()).await });
    noted?;
    let mut account = lock!(Account::at("company")).await?;
    account.deposit(charged?).await?;
    account.balance().await
}

/// Pays again and again.
#[orchestrator(crate = durable_company::durable, checkpoint, client = DailyPayments)]
pub async fn pay_daily(ctx: &OrchestrationContext, cents: u64, days_left: u32) -> u64 {
    let mut sum = 0_u64;
    for _ in 0..days_left {
        ctx.sleep(days(1)).await;
        sum = sum.saturating_add(charge(cents).await.unwrap_or(0));
    }
    sum
}

#[cfg(test)]
mod tests {
    use durable_testkit::Pump;

    use super::*;

    #[tokio::test]
    async fn a_program_runs_whose_manifest_does_not_list_the_runtime() {
        let mut pump = Pump::builder()
            .register(pay_daily)
            .register(charge)
            .start()
            .await
            .unwrap();
        let instance = DailyPayments::new(pump.client()).start(5, 3).await.unwrap();
        for _ in 0_u32..3 {
            pump.advance(days(1)).await.unwrap();
        }
        assert_eq!(instance.result().await.unwrap(), 15);
    }

    #[tokio::test]
    async fn a_crate_runs_that_renamed_the_runtime() {
        let mut pump = Pump::builder()
            .register(durable_company::pay)
            .register(durable_company::charge)
            .register_entity::<durable_company::Account>()
            .start()
            .await
            .unwrap();
        let client = durable_company::PayClient::new(pump.client());
        let instance = client.start(7).await.unwrap();
        let by = "Ada".to_owned();
        instance
            .raise(durable_company::Approval { by })
            .await
            .unwrap();
        for _ in 0_u32..3 {
            pump.advance(seconds(1)).await.unwrap();
        }
        assert_eq!(instance.result().await.unwrap(), 8);
    }
}
