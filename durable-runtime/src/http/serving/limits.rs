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
    /// the hub in a process that may open 1,024. A further connection replaces one that waits for
    /// its client. If none does, the new connection has to wait. Requests that wait in the
    /// management API for a result or a status take at most three quarters of the connections; the
    /// next one gets 429.
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
    /// connection. If a client reads on but takes longer than this for a whole response, the server
    /// closes its connection only if another one needs the place.
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

/// Three quarters of so many, rounded down.
pub(super) fn three_quarters(all: usize) -> usize {
    all - all.div_ceil(4)
}

/// Waits until `then`; for ever without one.
pub(super) async fn until(then: Option<Instant>) {
    match then {
        Some(then) => sleep_until(then).await,
        None => std::future::pending().await,
    }
}

/// Completes after `time`. This is real time, not the hub's, because clients send in real time.
pub(super) fn after(time: Duration) -> Sleep {
    const FAR: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    // `Duration::MAX` stands for no limit, and must not overflow.
    sleep_until(now.checked_add(time).unwrap_or_else(|| now + FAR))
}

impl ConnectionLimits {
    /// How many connections there may be.
    pub(super) fn most(&self) -> usize {
        self.connections.max(1)
    }

    /// How many requests may wait for a result or a status. The rest is for the other requests.
    pub(super) fn waiting(&self) -> usize {
        three_quarters(self.most()).max(1)
    }

    /// When to close a connection that is still in this phase.
    pub(super) fn end_of(&self, phase: Phase) -> Option<Instant> {
        let time = match phase.doing {
            Doing::Opening | Doing::Head => self.head_time,
            Doing::Idle => self.idle_time,
            // These have times of their own: the handler's, the body's and the socket's.
            Doing::Request | Doing::Body | Doing::Answer => return None,
        };
        phase.since.checked_add(time)
    }
}
