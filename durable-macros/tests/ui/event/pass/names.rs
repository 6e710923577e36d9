//! Keeps D027, D028.

use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
enum Approval {
    Granted,
    Refused { why: String },
}

#[derive(Event, serde::Serialize, serde::Deserialize)]
#[event(name = "order/cancelled")]
struct Cancelled(u64);

pub(crate) fn main() {
    assert_eq!(Approval::NAME, "Approval");
    assert_eq!(Cancelled::NAME, "order/cancelled");
    let _ = (Approval::Granted, Approval::Refused { why: String::new() }, Cancelled(1).0);
}
