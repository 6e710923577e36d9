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

#[activity]
async fn charge(cents: u64) -> u64 {
    cents
}

#[orchestrator]
async fn refund(_ctx: &OrchestrationContext, cents: u64) -> u64 {
    cents
}

#[activity]
async fn pay(cents: u64) -> Result<u64, Failure> {
    let charged = charge(cents).await?;
    let later = async { charge(cents).timeout(seconds(1)).await };
    refund(charged).await?;
    Account::at("bank").deposit(cents).await?;
    later.await
}

fn main() {}
