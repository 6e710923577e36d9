use durable_runtime::prelude::*;

struct Receipt;

#[activity]
async fn charge(cents: u64) -> Receipt {
    let _ = cents;
    Receipt
}

fn main() {}
