//! The context of an attempt, for the activity and for the engine.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Notify;

use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::salt::Use;
use crate::work::ActivityTask;

/// The context of one attempt. An activity with a parameter of this type gets it injected. Cloning
/// is cheap.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[activity]
/// async fn copy_rows(ctx: ActivityContext, rows: u64) -> u64 {
///     let done = ctx.last_heartbeat::<u64>().unwrap_or(0);
///     for row in done..rows {
///         ctx.heartbeat(row);
///         if ctx.is_cancelled() {
///             return row;
///         }
///     }
///     rows
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert_eq!(copy_rows::run(ActivityContext::detached(), 3).await, 3);
/// # });
/// ```
#[derive(Clone)]
pub struct ActivityContext(Arc<Shared>);

struct Shared {
    instance: InstanceId,
    attempt: u32,
    idempotency_key: String,
    /// What the attempt before this one reported last.
    inherited: Option<Payload>,
    /// What this attempt reported last.
    reported: Mutex<Option<Payload>>,
    /// Whether it was said that progress has no recorded form: heartbeats come often.
    is_refusal_logged: AtomicBool,
    beat: Notify,
    cancelled: AtomicBool,
    cancelling: Notify,
}

impl ActivityContext {
    /// Returns the context for an attempt, and the handle with which the engine follows the
    /// attempt.
    pub fn for_task(task: &ActivityTask) -> (Self, AttemptHandle) {
        let context = Self(Arc::new(Shared {
            instance: task.instance.clone(),
            attempt: task.attempt,
            idempotency_key: idempotency_key(task),
            inherited: task.heartbeat.clone(),
            reported: Mutex::new(None),
            is_refusal_logged: AtomicBool::new(false),
            beat: Notify::new(),
            cancelled: AtomicBool::new(false),
            cancelling: Notify::new(),
        }));
        let handle = AttemptHandle(Arc::clone(&context.0));
        (context, handle)
    }

    /// Returns a context that belongs to no instance, for unit tests of an activity's `run`.
    pub fn detached() -> Self {
        let id = InstanceId::generate();
        Self(Arc::new(Shared {
            attempt: 1,
            idempotency_key: format!("detached-{id}"),
            instance: id,
            inherited: None,
            reported: Mutex::new(None),
            is_refusal_logged: AtomicBool::new(false),
            beat: Notify::new(),
            cancelled: AtomicBool::new(false),
            cancelling: Notify::new(),
        }))
    }

    /// Returns the id of the calling instance.
    pub fn instance_id(&self) -> &InstanceId {
        &self.0.instance
    }

    /// Returns the number of this attempt, from 1. Attempts that were lost with their worker count
    /// here, although they do not use up the `max_attempts` of the policy.
    pub fn attempt(&self) -> u32 {
        self.0.attempt
    }

    /// Returns a key that is the same in every attempt of this call. Every other call has a
    /// different key, even in an instance that is started again under the same id, or in another
    /// hub. Pass it to services that recognise a repeated request.
    pub fn idempotency_key(&self) -> String {
        self.0.idempotency_key.clone()
    }

    /// Reports progress. It tells the engine that the attempt is alive, and the next attempt can
    /// read the progress and continue from it. If the value has no recorded form, only the sign of
    /// life counts; the first such value of an attempt is logged.
    pub fn heartbeat(&self, progress: impl Serialize) {
        match Payload::encode(&progress) {
            Ok(progress) => *self.0.reported() = Some(progress),
            Err(error) => self.0.progress_refused(&error),
        }
        // Also if the progress was refused: the activity lives, and that is what the limit on
        // silence asks.
        self.0.beat.notify_one();
    }

    /// Returns the progress that the previous attempt reported last, if it decodes as a `T`.
    /// If the progress does not decode, that is logged.
    pub fn last_heartbeat<T: DeserializeOwned>(&self) -> Option<T> {
        // Of the attempts before this one only: an activity knows what it has reported itself.
        let progress = self.0.inherited.as_ref()?.decode();
        progress
            .inspect_err(|error| {
                tracing::warn!(
                    instance = %self.0.instance,
                    attempt = self.0.attempt,
                    %error,
                    "the progress of the previous attempt does not decode as the requested type"
                );
            })
            .ok()
    }

    /// Returns whether the call was cancelled or the attempt took too long. An async attempt is
    /// dropped soon after. A blocking one should check now and then, and return.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Completes when the attempt is cancelled.
    pub async fn cancelled(&self) {
        let cancelling = self.0.cancelling.notified();
        let mut cancelling = std::pin::pin!(cancelling);
        // Registered before the flag is read, so that a cancellation in between is not missed.
        cancelling.as_mut().enable();
        if !self.is_cancelled() {
            cancelling.await;
        }
    }
}

impl fmt::Debug for ActivityContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityContext")
            .field("instance", &self.0.instance)
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn reported(&self) -> std::sync::MutexGuard<'_, Option<Payload>> {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress_refused(&self, error: &CodecError) {
        if !self.is_refusal_logged.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                instance = %self.instance,
                attempt = self.attempt,
                %error,
                "the progress of a heartbeat has no recorded form: the next attempt will not know it"
            );
        }
    }
}

/// The engine's side of an attempt.
pub struct AttemptHandle(Arc<Shared>);

impl AttemptHandle {
    /// Cancels the attempt.
    pub fn cancel(&self) {
        // The flag before the call: whoever is woken looks at it.
        self.0.cancelled.store(true, Ordering::Release);
        self.0.cancelling.notify_waiters();
    }

    /// Returns the last known progress: that of this attempt, or else of the previous one.
    pub fn last_heartbeat(&self) -> Option<Payload> {
        let reported = self.0.reported().clone();
        // An attempt that reported nothing does not lose what the ones before it had reached.
        reported.or_else(|| self.0.inherited.clone())
    }

    /// Completes at the next heartbeat; at once if there was one since the last await.
    pub async fn heartbeat_received(&self) {
        self.0.beat.notified().await;
    }
}

impl fmt::Debug for AttemptHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptHandle")
            .field("instance", &self.0.instance)
            .field("attempt", &self.0.attempt)
            .finish_non_exhaustive()
    }
}

/// A hash of all that makes the call this one: the salt and id of the instance, execution, path, and
/// the input as it was scheduled. The parts are apart by a character that ids cannot hold.
fn idempotency_key(task: &ActivityTask) -> String {
    let input = task.input.as_ref().map_or("", Payload::as_text);
    let execution = if mutant(Mutant::IdempotencyKeyReused) {
        Execution::FIRST
    } else {
        task.execution
    };
    let call = format_args!(
        // The input last, since it alone may contain the separator.
        "{}\u{1f}{execution}\u{1f}{}\u{1f}{input}",
        task.instance, task.path
    );
    format!("{:032x}", task.salt.hash(Use::IdempotencyKey, call))
}

#[cfg(test)]
mod tests {
    use super::ActivityContext;
    use crate::clock::Timestamp;
    use crate::definition::CallOptions;
    use crate::ids::Execution;
    use crate::ids::InstanceId;
    use crate::ids::InstanceKey;
    use crate::payload::Payload;
    use crate::salt::Salt;
    use crate::work::ActivityTask;

    fn task() -> ActivityTask {
        ActivityTask {
            key: InstanceKey(1),
            instance: InstanceId::new("order-1").unwrap(),
            salt: Salt::from_bits(1),
            execution: Execution::FIRST,
            path: "0.2".parse().unwrap(),
            name: "charge".to_owned(),
            input: Some(Payload::encode("card").unwrap()),
            options: Box::new(CallOptions::default()),
            attempt: 1,
            scheduled_at: Timestamp::from_millis(0),
            heartbeat: None,
        }
    }

    fn key(task: &ActivityTask) -> String {
        ActivityContext::for_task(task).0.idempotency_key()
    }

    #[test]
    fn the_idempotency_key_is_stable_over_attempts() {
        let again = ActivityTask {
            attempt: 7,
            scheduled_at: Timestamp::from_millis(99),
            ..task()
        };
        assert_eq!(key(&task()), key(&again));
        // Fixed for all time: services outside remember it.
        assert_eq!(key(&task()), "fa622022705884391781d05ec25e239d");
    }

    #[test]
    fn the_idempotency_key_differs_whenever_the_effect_may_differ() {
        let others = [
            ActivityTask {
                salt: Salt::from_bits(2),
                ..task()
            },
            ActivityTask {
                instance: InstanceId::new("order-2").unwrap(),
                ..task()
            },
            ActivityTask {
                execution: Execution(2),
                ..task()
            },
            ActivityTask {
                path: "0.3".parse().unwrap(),
                ..task()
            },
            ActivityTask {
                input: Some(Payload::encode("cash").unwrap()),
                ..task()
            },
            ActivityTask {
                input: None,
                ..task()
            },
        ];
        let mut keys: Vec<String> = others.iter().map(key).collect();
        keys.push(key(&task()));
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 7);
    }

    #[tokio::test]
    async fn progress_is_seen_by_the_engine_and_the_next_attempt() {
        let (first, handle) = ActivityContext::for_task(&task());
        assert_eq!(first.last_heartbeat::<u32>(), None);
        first.heartbeat(41);
        first.heartbeat(42);
        handle.heartbeat_received().await;
        let heartbeat = handle.last_heartbeat();
        let (second, handle) = ActivityContext::for_task(&ActivityTask {
            heartbeat,
            ..task()
        });
        assert_eq!(second.last_heartbeat(), Some(42));
        assert_eq!(handle.last_heartbeat(), Some(Payload::encode(&42).unwrap()));
    }

    #[tokio::test]
    async fn a_cancellation_reaches_those_who_wait_and_those_who_look() {
        let (context, handle) = ActivityContext::for_task(&task());
        let waiting = context.clone();
        let waiting = tokio::spawn(async move { waiting.cancelled().await });
        tokio::task::yield_now().await;
        assert!(!context.is_cancelled());
        handle.cancel();
        waiting.await.unwrap();
        context.cancelled().await;
        assert!(context.is_cancelled());
    }
}
