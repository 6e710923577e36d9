//! Keeps D031.

#![deny(warnings)]

use durable_runtime::prelude::*;

/// The user's own, beside the generated ones.
struct PayClient;
struct AccountClient;

#[orchestrator(client = Payments)]
async fn pay(ctx: &OrchestrationContext, cents: u64) -> u64 {
    ctx.sleep(hours(1)).await;
    cents
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Account {
    balance: u64,
}

#[entity(client = Accounts)]
impl Account {
    fn deposit(&mut self, amount: u64) {
        self.balance += amount;
    }
}

async fn start(client: Client) -> Result<Instance<pay>, ClientError> {
    let _own = (PayClient, AccountClient);
    Accounts::new(client.clone(), "ada").signal_deposit(1).await?;
    Payments::new(client).start(100).await
}

pub(crate) fn main() {
    let _ = start;
}
