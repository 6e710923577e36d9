//! Ending requests that would otherwise never end.

use tokio::sync::watch;

/// Ends the requests that wait, so that a server can shut down; otherwise a stream of statuses would
/// hold it up. [`Management::closing`](super::Management::closing) makes it. All clones close the same
/// requests.
#[derive(Debug, Clone)]
pub struct Closing(watch::Sender<bool>);

impl Closing {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends the requests that wait now, and those that begin to wait later. A stream ends after its
    /// present status. A start that waits gets the same answer as if its time were up.
    pub fn close(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether it was closed.
    pub fn is_closed(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once it is closed.
    pub(super) async fn closed(&self) {
        let mut seen = self.0.subscribe();
        // This holds a sender, so it cannot fail.
        let _closed = seen.wait_for(|closed| *closed).await;
    }
}
