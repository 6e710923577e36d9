use durable_runtime::prelude::*;

#[activity]
async fn charge(ctx: &ActivityContext, bank: &State<String>) -> u32 {
    ctx.attempt() + bank.len() as u32
}

fn main() {}
