//! The limits on requests.

use std::num::NonZeroU32;
use std::time::Duration;

/// The limits on the size, time and number of requests. Each field has a default.
///
/// ```
/// use durable_runtime::http::HttpLimits;
///
/// let mut limits = HttpLimits::default();
/// limits.body_bytes = 64 * 1024;
/// assert_eq!(limits.json_depth, 64);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLimits {
    /// The maximum size of a body in bytes: 1 MiB. For a larger body the answer is 413, and nothing
    /// reads it as JSON.
    pub body_bytes: usize,
    /// The maximum nesting of arrays and objects in a body: 64.
    pub json_depth: usize,
    /// The time limit for receiving a body: 10 seconds. Then the answer is 408.
    pub body_time: Duration,
    /// The time limit of a request, apart from the wait that it asks for: 30 seconds. Then the
    /// answer is 503.
    pub request_time: Duration,
    /// The longest wait for a result that a start may ask for: 230 seconds. A longer wait is cut to
    /// this.
    pub wait: Duration,
    /// The maximum number of instances or entities on a page: 1,000. A larger number is cut to
    /// this.
    pub page: u32,
    /// The maximum number of requests that wait at the same time, starts for their results and
    /// streams for the next status: 1,000. For a further one the answer is 429.
    pub waiting: usize,
    /// The maximum number of requests a second that reach the hub; no limit by default. For further
    /// requests the answer is 429. A burst may use the number of one second at once.
    pub per_second: Option<NonZeroU32>,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            json_depth: 64,
            body_time: Duration::from_secs(10),
            request_time: Duration::from_secs(30),
            wait: Duration::from_secs(230),
            page: 1_000,
            waiting: 1_000,
            per_second: None,
        }
    }
}
