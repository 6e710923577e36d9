//! Places for requests that wait: for a result, or for the next status.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use super::problem::Problem;

/// How many requests may wait at the same time. Clones share the places.
///
/// A router has some, and so has the [server](super::serve): it leaves its own in the extensions of
/// each request. Requests that wait do not give way, so they must not take all connections.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Semaphore>);

/// The places that a request has taken; dropping them gives them back.
#[derive(Debug)]
pub(super) struct Waits {
    _of_router: OwnedSemaphorePermit,
    _of_server: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))))
    }

    /// A place of these, and one of the server if it counts them.
    pub(super) fn take(&self, of_server: Option<&Self>) -> Result<Waits, Problem> {
        Ok(Waits {
            // Taken at once or refused: a request that waits for the place to wait in would hold a
            // connection for nothing.
            _of_router: self.take_one()?,
            _of_server: of_server.map(Self::take_one).transpose()?,
        })
    }

    fn take_one(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.0).try_acquire_owned();
        place.map_err(|_| Problem::too_many("too many requests are already waiting"))
    }
}
