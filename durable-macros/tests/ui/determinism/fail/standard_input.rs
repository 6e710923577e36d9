use durable_runtime::prelude::*;

#[orchestrator]
async fn pay(ctx: &OrchestrationContext) -> u64 {
    use std::io::{self, Read as _};
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text);
    ctx.log().info(&text);
    read.map_or(0, |read| read as u64)
}

fn main() {}
