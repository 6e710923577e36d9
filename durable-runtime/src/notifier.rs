//! Wake-ups between parts of one process. They are only hints: whoever is woken looks into the
//! store.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::sync::oneshot;

use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::ids::InstanceKey;

/// Wakes the dispatcher when messages were sent, and waiters when an instance changed.
pub trait Notifier: Debug + Send + Sync + 'static {
    /// Notes that a worker has begun that will report each change that it makes.
    fn worker_started(&self);

    /// Returns whether such a worker reports changes.
    fn has_worker(&self) -> bool;

    /// Tells the dispatcher that an inbox has new messages.
    fn message_sent(&self);

    /// Tells the dispatcher that a client has set a timer, which may be due before the dispatcher
    /// next looks for timers.
    fn timer_set(&self, due: Timestamp);

    /// Returns when the first timer is due that clients have set since the last call.
    fn take_timer_set(&self) -> Option<Timestamp>;

    /// Completes when a message was sent since the last call.
    fn messages(&self) -> BoxFuture<'_, ()>;

    /// Tells those who wait for this instance that its row changed.
    fn instance_changed(&self, key: InstanceKey);

    /// Completes on the next change of the instance's row after this call. To miss no change, call
    /// this, and only then look into the store.
    fn change_of(&self, key: InstanceKey) -> BoxFuture<'static, ()>;

    /// Passes a client the answer to its command, if the client waits here.
    fn answered(&self, entity: InstanceKey, command: &str, result: &CallResult);

    /// Completes with the answer to a command, if a worker reports it here, and with nothing if
    /// another waiter takes the place of this one. To miss no answer, call this, and only then look
    /// into the store.
    fn answer_to(
        &self,
        entity: InstanceKey,
        command: &str,
    ) -> BoxFuture<'static, Option<CallResult>>;
}

/// The notifier of one process.
#[derive(Debug)]
pub struct LocalNotifier {
    inbox: Notify,
    has_worker: AtomicBool,
    /// When the first of the timers is due that clients have set; later than ever if there is none.
    timer_set: AtomicI64,
    changes: Mutex<HashMap<InstanceKey, Arc<Notify>>>,
    /// With how many instances those are dropped that nobody waits for any more.
    changes_swept: AtomicUsize,
    /// By the entity and the command: others may use the same one for another entity.
    answers: Mutex<HashMap<Answered, oneshot::Sender<CallResult>>>,
    /// With how many waiters those are dropped that nobody waits for any more.
    answers_swept: AtomicUsize,
}

type Answered = (InstanceKey, String);

const NO_TIMER: i64 = i64::MAX;

/// So few waiters that looking for those that have gone is not worth it.
const FEW: usize = 1_024;

impl Default for LocalNotifier {
    fn default() -> Self {
        Self {
            inbox: Notify::default(),
            has_worker: AtomicBool::default(),
            timer_set: AtomicI64::new(NO_TIMER),
            changes: Mutex::default(),
            changes_swept: AtomicUsize::default(),
            answers: Mutex::default(),
            answers_swept: AtomicUsize::default(),
        }
    }
}

impl Notifier for LocalNotifier {
    fn worker_started(&self) {
        self.has_worker.store(true, Ordering::Relaxed);
    }

    fn has_worker(&self) -> bool {
        self.has_worker.load(Ordering::Relaxed)
    }

    fn message_sent(&self) {
        self.inbox.notify_one();
    }

    fn timer_set(&self, due: Timestamp) {
        self.timer_set.fetch_min(due.as_millis(), Ordering::Relaxed);
        self.inbox.notify_one();
    }

    fn take_timer_set(&self) -> Option<Timestamp> {
        let due = self.timer_set.swap(NO_TIMER, Ordering::Relaxed);
        (due != NO_TIMER).then_some(Timestamp::from_millis(due))
    }

    fn messages(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.inbox.notified())
    }

    fn instance_changed(&self, key: InstanceKey) {
        if let Some(waiters) = self.changes().remove(&key) {
            waiters.notify_waiters();
        }
    }

    fn change_of(&self, key: InstanceKey) -> BoxFuture<'static, ()> {
        let mut changes = self.changes();
        if changes.len() >= self.changes_swept.load(Ordering::Relaxed) {
            // Whoever waits shares it.
            changes.retain(|_, waiters| Arc::strong_count(waiters) > 1);
            let next = changes.len().saturating_mul(2).max(FEW);
            self.changes_swept.store(next, Ordering::Relaxed);
        }
        let notify = Arc::clone(changes.entry(key).or_default());
        drop(changes);
        let mut notified = Box::pin(notify.notified_owned());
        // From now on, and not from when it is first polled.
        notified.as_mut().enable();
        notified
    }

    fn answered(&self, entity: InstanceKey, command: &str, result: &CallResult) {
        let waiter = self.answers().remove(&(entity, command.to_owned()));
        if let Some(waiter) = waiter {
            // A client that does not wait any more loses nothing: the answer is stored.
            drop(waiter.send(result.clone()));
        }
    }

    fn answer_to(
        &self,
        entity: InstanceKey,
        command: &str,
    ) -> BoxFuture<'static, Option<CallResult>> {
        let (sender, receiver) = oneshot::channel();
        let mut answers = self.answers();
        if answers.len() >= self.answers_swept.load(Ordering::Relaxed) {
            answers.retain(|_, waiter| !waiter.is_closed());
            let next = answers.len().saturating_mul(2).max(FEW);
            self.answers_swept.store(next, Ordering::Relaxed);
        }
        answers.insert((entity, command.to_owned()), sender);
        Box::pin(async move { receiver.await.ok() })
    }
}

impl LocalNotifier {
    fn answers(&self) -> MutexGuard<'_, HashMap<Answered, oneshot::Sender<CallResult>>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, HashMap<InstanceKey, Arc<Notify>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::FEW;
    use super::LocalNotifier;
    use super::Notifier;
    use crate::ids::InstanceKey;

    #[tokio::test]
    async fn instances_that_nobody_waits_for_any_more_take_no_memory() {
        let notifier = LocalNotifier::default();
        let waits = notifier.change_of(InstanceKey(0));
        for key in 1..10_000 {
            drop(notifier.change_of(InstanceKey(key)));
        }
        assert!(notifier.changes().len() <= FEW);
        notifier.instance_changed(InstanceKey(0));
        waits.await;
    }
}
