//! What connections may cost.

use std::time::Duration;

use tokio::time::Instant;
use tokio::time::Sleep;
use tokio::time::sleep_until;

use super::phase::Doing;
use super::phase::Phase;

/// What connections may cost, and how many there may be. Each field has a default.
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
    /// How many connections there are at once: 800, which leaves room for the files of the hub where
    /// a process may open 1,024. One more takes the place of the one that has waited longest for its
    /// client; when none waits, it waits itself.
    pub connections: usize,
    /// How long a client may take to send the head of a request, from its first byte on, or from the
    /// beginning of the connection: 10 seconds. Then the connection is closed.
    pub head_time: Duration,
    /// How long a connection may be idle between two requests: 60 seconds. Then it is closed.
    pub idle_time: Duration,
    /// How long the whole body of a request may take: 30 seconds. Then 408, and the connection is
    /// closed. The management API has a limit of its own, which is shorter
    /// ([`HttpLimits::body_time`](crate::http::HttpLimits::body_time)).
    pub body_time: Duration,
    /// How long a client may read nothing of a response that is there for it: 30 seconds. Then the
    /// connection is closed.
    pub write_time: Duration,
    /// How long requests that are under way have at the end: 5 seconds.
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

/// Completes after `time` of the network, not of the hub: clients send and read in it.
pub(super) fn after(time: Duration) -> Sleep {
    const FAR: Duration = Duration::from_hours(24 * 365);
    let now = Instant::now();
    sleep_until(now.checked_add(time).unwrap_or_else(|| now + FAR))
}

impl ConnectionLimits {
    /// When a connection in this phase is to be closed, if it is still in it then.
    pub(super) fn end_of(&self, phase: Phase) -> Option<Instant> {
        let time = match phase.doing {
            Doing::Opening | Doing::Head => self.head_time,
            Doing::Idle => self.idle_time,
            Doing::Body | Doing::Request => return None,
        };
        phase.since.checked_add(time)
    }
}
