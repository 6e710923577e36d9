use durable_runtime::prelude::*;

#[orchestrator]
struct Pay;

fn main() {}
