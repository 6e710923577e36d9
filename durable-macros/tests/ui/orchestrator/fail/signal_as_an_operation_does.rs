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

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) {
    ctx.signal(Account::at("bank").deposit(1));
}

fn main() {}
