use durable_runtime::prelude::*;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Account {
    balance: u64,
}

#[entity]
impl Account {
    fn close(&mut self, ctx: &OrchestrationContext) {
        let _ = ctx;
    }
}

fn main() {}
