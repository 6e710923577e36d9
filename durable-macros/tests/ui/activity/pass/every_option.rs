//! Keeps D030, D031.

use durable_runtime::prelude::*;

#[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum PaymentError {
    #[error("declined")]
    Declined,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[activity(
    name = "charge",
    queue = "payments",
    timeout = "10s",
    heartbeat_timeout = "500ms",
    max_concurrent = 4,
    retry(
        max_attempts = 5,
        initial = "200ms",
        backoff = 2,
        max_interval = "30m",
        total_timeout = "1d",
        jitter = 0.5,
        non_retryable = |error| matches!(error, PaymentError::Declined),
    ),
)]
async fn charge_card(cents: u64) -> Result<u64, PaymentError> {
    Ok(cents)
}

pub(crate) fn main() {
    use durable_runtime::activity::Activity;
    use std::time::Duration;

    let options = charge_card::options();
    assert_eq!(charge_card::NAME, "charge");
    assert_eq!(charge_card::MAX_CONCURRENT, Some(4));
    assert_eq!(options.queue.as_deref(), Some("payments"));
    assert_eq!(options.timeout, Some(seconds(10)));
    let policy = RetryPolicy::new(5, Duration::from_millis(200))
        .backoff(2.0)
        .max_interval(minutes(30))
        .total_timeout(days(1))
        .jitter(0.5);
    assert_eq!(options.retry, Some(policy));
    assert!(!charge_card::is_retryable(&PaymentError::Declined));
    assert!(charge_card::is_retryable(&PaymentError::Infrastructure(Failure::Cancelled)));
}
