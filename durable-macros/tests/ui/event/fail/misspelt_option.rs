use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(nmae = "approval")]
struct Approval;

fn main() {}
