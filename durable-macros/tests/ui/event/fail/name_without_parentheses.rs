use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event = "approval"]
struct Approval;

fn main() {}
