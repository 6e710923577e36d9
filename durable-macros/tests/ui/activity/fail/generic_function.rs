use durable_runtime::prelude::*;

#[activity]
async fn charge<T: Send>(card: T) -> T {
    card
}

fn main() {}
