use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("declined")]
struct Declined;

#[activity]
async fn charge(cents: u64) -> Result<u64, Declined> {
    Ok(cents)
}

fn main() {}
