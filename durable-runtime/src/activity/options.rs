//! The options of an activity as generated code gives them.

use std::time::Duration;

use crate::definition::CallOptions;
use crate::retry::RetryPolicy;

/// Returns the options of an attribute.
pub fn call_options(
    retry: Option<RetryPolicy>,
    timeout: Option<Duration>,
    heartbeat_timeout: Option<Duration>,
    queue: Option<&str>,
) -> CallOptions {
    CallOptions {
        retry,
        timeout,
        heartbeat_timeout,
        queue: queue.map(str::to_owned),
        label: None,
    }
}
