//! Wake-ups between parts of one process. Only hints: whoever is woken looks at the store.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;

use crate::ids::InstanceKey;

/// Wakes the dispatcher when messages were sent, and waiters when an instance changed.
#[derive(Debug, Default)]
pub struct Notifier {
    inbox: Notify,
    has_worker: AtomicBool,
    changes: Mutex<HashMap<InstanceKey, Arc<Notify>>>,
}

impl Notifier {
    /// Tells that a worker of this process has begun, which tells of each change that it makes.
    pub fn worker_started(&self) {
        self.has_worker.store(true, Ordering::Relaxed);
    }

    /// Whether a worker of this process tells of changes.
    pub fn has_worker(&self) -> bool {
        self.has_worker.load(Ordering::Relaxed)
    }

    /// Tells the dispatcher that an inbox has new messages.
    pub fn message_sent(&self) {
        self.inbox.notify_one();
    }

    /// Completes when a message was sent since the last time.
    pub async fn messages(&self) {
        self.inbox.notified().await;
    }

    /// Tells whoever waits for this instance that its row changed.
    pub fn instance_changed(&self, key: InstanceKey) {
        if let Some(waiters) = self.changes().remove(&key) {
            waiters.notify_waiters();
        }
    }

    /// Completes on the next change of the instance's row. Call this, poll the future once
    /// (`Notified::enable` is done here), and only then look at the store, so that no change is
    /// missed.
    pub fn change_of(&self, key: InstanceKey) -> impl Future<Output = ()> + Send + 'static {
        let notify = Arc::clone(self.changes().entry(key).or_default());
        let mut notified = Box::pin(notify.notified_owned());
        notified.as_mut().enable();
        notified
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<InstanceKey, Arc<Notify>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
