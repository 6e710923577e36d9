use durable_runtime::prelude::*;

#[derive(Event)]
struct Approval;

fn main() {}
