//! The subscriber of a thread, for threads that are made on its behalf.

use tracing::Dispatch;
use tracing::dispatcher;
use tracing::subscriber::DefaultGuard;
use tracing::subscriber::NoSubscriber;

/// The subscriber that a thread tells its events to. A thread that is made for it tells them to the
/// same one. Where there is none, it uses the global subscriber, which may be set later.
#[derive(Debug, Clone)]
pub(crate) struct Subscriber(Option<Dispatch>);

impl Subscriber {
    /// Returns the subscriber of this thread.
    pub(crate) fn of_this_thread() -> Self {
        let subscriber = dispatcher::get_default(Dispatch::clone);
        // Otherwise the new thread would be bound to no subscriber at all, and miss the global one
        // that is set later.
        Self((!subscriber.is::<NoSubscriber>()).then_some(subscriber))
    }

    /// Makes it the subscriber of this thread until the guard is dropped.
    pub(crate) fn set(&self) -> Option<DefaultGuard> {
        self.0.as_ref().map(dispatcher::set_default)
    }
}
