use durable_runtime::prelude::*;

#[activity]
struct Charge;

fn main() {}
