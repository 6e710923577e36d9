use durable_runtime::prelude::*;

struct Bank;

impl Bank {
    #[activity]
    async fn charge(&self, cents: u64) -> u64 {
        cents
    }
}

fn main() {}
