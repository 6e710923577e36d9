use durable_runtime::prelude::*;

struct Cart;

impl Cart {
    #[orchestrator(inline)]
    async fn pay(&self, cents: u64) -> u64 {
        select! {
            Some(cents) = async { Some(cents) } => cents,
        }
    }
}

fn main() {}
