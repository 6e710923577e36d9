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

    fn close(&mut self, ctx: &EntityContext) {
        ctx.signal(Account::at("bank").signal_deposit(self.balance));
    }
}

fn main() {}
