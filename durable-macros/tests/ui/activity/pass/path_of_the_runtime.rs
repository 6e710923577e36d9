//! Keeps D036.

#![deny(warnings)]

mod company {
    pub(super) use durable_runtime as durable;
}

use company::durable::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(crate = company::durable, name = "approval")]
struct Approval;

#[activity(crate = company::durable, retry(max_attempts = 2))]
async fn charge(cents: u64) -> u64 {
    cents
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Account {
    balance: u64,
}

#[entity(crate = company::durable)]
impl Account {
    async fn pass_on(&mut self) -> Result<(), Failure> {
        let all = async { Account::at("bank").signal_deposit(self.balance).await };
        all.await
    }

    fn deposit(&mut self, amount: u64) {
        self.balance += amount;
    }
}

#[orchestrator(inline, crate = company::durable)]
async fn charge_twice(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    Ok(charge(cents).await? + charge(cents).await?)
}

#[orchestrator(crate = company::durable, status = String, events(Approval), checkpoint)]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    ctx.set_status("waiting".to_owned());
    let mut sum = 0;
    for _ in 0..3 {
        select! {
            _ = ctx.wait_for::<Approval>() => {}
            _ = ctx.sleep(hours(1)) => {}
        }
        sum += charge_twice(ctx, cents).await?;
    }
    let mut account = lock!(Account::at("main")).await?;
    account.deposit(sum).await?;
    let _ = try_join!(charge(1), async { charge(2).await })?;
    Ok(sum)
}

pub(crate) fn main() {
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(pay);
    registry.register(charge);
    registry.register_entity::<Account>();
    registry.check().unwrap();
}
