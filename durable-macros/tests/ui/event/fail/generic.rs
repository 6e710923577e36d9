use durable_runtime::prelude::*;

#[derive(Event, serde::Serialize, serde::Deserialize)]
struct Approval<T> {
    by: T,
}

fn main() {}
