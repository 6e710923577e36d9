use durable_runtime::prelude::*;

#[activity]
async fn charge(one: ActivityContext, two: ActivityContext) -> u32 {
    one.attempt() + two.attempt()
}

fn main() {}
