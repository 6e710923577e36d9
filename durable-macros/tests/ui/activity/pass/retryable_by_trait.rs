use durable_runtime::activity::Activity;
use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("declined")]
struct Declined;

impl From<Failure> for Declined {
    fn from(_: Failure) -> Self {
        Self
    }
}

impl Retryable for Declined {
    fn is_retryable(&self) -> bool {
        false
    }
}

#[activity]
async fn charge() -> Result<(), Declined> {
    Err(Declined)
}

#[activity]
async fn ping() {}

pub(crate) fn main() {
    assert!(!charge::is_retryable(&Declined));
    assert!(ping::is_retryable(&Failure::Cancelled));
}
