//! Ending what would go on for ever.

use tokio::sync::watch;

/// Ends the requests that wait, when the server shuts down: a stream of statuses would otherwise hold
/// it up for ever. Made by [`Management::closing`](super::Management::closing); clones close the same.
#[derive(Debug, Clone)]
pub struct Closing(watch::Sender<bool>);

impl Closing {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Ends what waits now, and whatever begins to wait later: streams end after the status that they
    /// have, a start is answered as if its time were up.
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
