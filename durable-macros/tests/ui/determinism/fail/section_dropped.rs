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
async fn lock_both(_ctx: &OrchestrationContext) -> Result<(Locked<Account>, Locked<Account>), Failure> {
    lock!(Account::at("a"), Account::at("b")).await
}

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> Result<(), Failure> {
    lock!(Account::at("a"));
    let _ = lock!(Account::at("a"));
    lock!(Account::at("a")).await?;
    let _ = lock!(Account::at("a"), Account::at("b")).await;
    _ = lock!(vec![Account::at("a")]).await?;
    let _ = lock_both(ctx).await?;
    Account::at("a").deposit(1).await
}

fn main() {}
