//! Keeps D017.

#![deny(warnings)]

use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Account {
    balance: u64,
}

#[entity]
impl Account {
    fn deposit(&mut self, amount: u64) {
        self.balance += amount;
    }
}

#[orchestrator(inline)]
async fn lock_main(_ctx: &OrchestrationContext) -> Result<Locked<Account>, Failure> {
    lock!(Account::at("main")).await
}

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<(), Failure> {
    {
        let _section = lock_main(ctx).await?;
        charge(1).await?;
    }
    lock!(Account::at("main")).await?.deposit(1).await?;
    let _ = charge(1).await;
    _ = charge(2).await?;
    let (mut a, _) = lock!(Account::at("a"), Account::at("b")).await?;
    a.deposit(1).await?;
    drop(a);
    match lock!(Account::at("main")).await {
        Ok(_) => charge(3).await.map(drop),
        Err(failure) => Err(failure),
    }
}

pub(crate) fn main() {}
