//! The limits on connections.

use std::time::Duration;

use tokio::time::Instant;
use tokio::time::Sleep;
use tokio::time::sleep_until;

use super::phase::Doing;
use super::phase::Phase;

/// The limits on the time and number of connections. Each field has a default.
///
/// ```
/// use std::time::Duration;
/// use durable_runtime::http::ConnectionLimits;
///
/// let mut limits = ConnectionLimits::default();
/// limits.body_time = Duration::from_secs(300); // this app takes large uploads
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// The maximum number of connections at the same time: 800, which leaves room for the files of
    /// the hub in a process that may open 1,024. A further connection replaces the one that has
    /// waited longest for its client. If none waits for its client, the new connection has to wait.
    pub connections: usize,
    /// The time limit for the head of a request, from its first byte or from the beginning of the
    /// connection: 10 seconds. Then the server closes the connection.
    pub head_time: Duration,
    /// The time limit of a connection that is idle between two requests: 60 seconds. Then the server
    /// closes it.
    pub idle_time: Duration,
    /// The time limit for the whole body of a request: 30 seconds. Then the answer is 408, and the
    /// connection is closed. The management API has its own, shorter limit
    /// ([`HttpLimits::body_time`](crate::http::HttpLimits::body_time)).
    pub body_time: Duration,
    /// How long a client may leave a response unread: 30 seconds. Then the server closes the
    /// connection.
    pub write_time: Duration,
    /// How long the server, when it stops, waits for the requests that it is answering: 5 seconds.
    pub grace: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 800,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(1),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}

/// Completes after `time`. This is real time, not the hub's, because clients send in real time.
pub(super) fn after(time: Duration) -> Sleep {
    const FAR: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    sleep_until(now.checked_add(time).unwrap_or_else(|| now + FAR))
}

impl ConnectionLimits {
    /// When to close a connection that is still in this phase.
    pub(super) fn end_of(&self, phase: Phase) -> Option<Instant> {
        let time = match phase.doing {
            Doing::Opening | Doing::Head => self.head_time,
            Doing::Idle => self.idle_time,
            Doing::Body | Doing::Request => return None,
        };
        phase.since.checked_add(time)
    }
}
