use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = " ")]
struct Approval;

fn main() {}
