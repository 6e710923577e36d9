//! What a request may cost.

use std::num::NonZeroU32;
use std::time::Duration;

/// What a request may cost, and how many there may be. Each field has a default.
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
    /// The most bytes of a body: 1 MiB. What is larger is answered with 413 before it is read.
    pub body_bytes: usize,
    /// How deep arrays and objects of a body may be nested: 64.
    pub json_depth: usize,
    /// How long a body may take to come: 10 seconds. Then 408.
    pub body_time: Duration,
    /// How long a request may take, apart from what it asks to wait for: 30 seconds. Then 503.
    pub request_time: Duration,
    /// The longest wait for a result that a start may ask for: 230 seconds. A longer wish is cut to
    /// this.
    pub wait: Duration,
    /// The most instances or entities of a page: 1,000. A larger wish is cut to this.
    pub page: u32,
    /// How many requests may wait for something at the same time, starts for their results and
    /// streams for the next status: 1,000. One more is answered with 429.
    pub waiting: usize,
    /// How many requests a second may reach the hub; any number unless this is set. What is above is
    /// answered with 429. A burst may use up a second's worth at once.
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
