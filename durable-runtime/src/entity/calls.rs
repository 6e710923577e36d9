//! Calls and signals that orchestrators and other entities send to entities.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use super::Entity;
use super::EntityContext;
use super::Operation;
use crate::callable::CallableError;
use crate::definition::CallOptions;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::machine::CallRequest;
use crate::machine::RawCall;
use crate::orchestration::Durable;
use crate::orchestration::Recording;
use crate::orchestration::Retried;
use crate::orchestration::Schedule;
use crate::orchestration::Spawned;
use crate::orchestration::activity_call::reencode;
use crate::orchestration::typed_call::TypedCall;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;
use crate::retry::RetryPolicy;

/// The entity that a call goes to; for generated code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTarget(EntityId);

impl EntityTarget {
    pub(super) fn new(id: EntityId) -> Self {
        Self(id)
    }

    /// Returns the entity's id.
    pub fn id(&self) -> &EntityId {
        &self.0
    }
}

/// A handle on an entity for orchestrators and entities: `T::at(key)` returns it. It has the
/// operations of `E` as calls and as signals, and it can be locked.
pub struct EntityRef<E: Entity> {
    id: EntityId,
    calls: E::Calls,
}

impl<E: Entity> EntityRef<E> {
    /// Creates a handle on the entity under `key`. Nothing happens before you await one of its
    /// operations.
    pub fn new(key: impl AsRef<str>) -> Self {
        let id = EntityId::new(E::NAME, key.as_ref());
        let calls = E::Calls::from(EntityTarget::new(id.clone()));
        Self { id, calls }
    }

    /// Returns the entity's name and key.
    pub fn id(&self) -> &EntityId {
        &self.id
    }
}

impl<E: Entity> Deref for EntityRef<E> {
    type Target = E::Calls;

    fn deref(&self) -> &E::Calls {
        &self.calls
    }
}

impl<E: Entity> Clone for EntityRef<E> {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            calls: self.calls.clone(),
        }
    }
}

impl<E: Entity> fmt::Debug for EntityRef<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EntityRef").field(&self.id).finish()
    }
}

/// A call of an entity's operation: a lazy future of the operation's own `Result<T, E>`, or of
/// `Result<T, Failure>` if the operation returns a plain `T`.
///
/// An orchestrator awaits it. An entity cannot wait, so it passes the call to
/// [`EntityContext::signal`].
///
/// # Replay
/// Records `EntityCalled` when it is first polled. On replay it returns the recorded result if
/// `EntityCompleted` or `EntityFailed` is in the history. If you drop it, the operation still runs.
#[must_use = "a call does nothing until it is awaited, spawned or signalled"]
pub struct EntityCall<T, E>(TypedCall<T, E>);

/// Returns a call of an operation; for generated code.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what a call is given is given away"
)]
pub fn entity_call<A, T, E>(
    target: &EntityTarget,
    operation: &'static str,
    arguments: A,
) -> EntityCall<T, E>
where
    A: Arguments,
    T: Recorded,
    E: CallableError,
{
    let request = call_request(target, operation, &arguments, None);
    let site = SourcePlace::of(Location::caller());
    EntityCall(TypedCall::new(RawCall::new(request, site)))
}

/// Returns a call of the operation `O`; for generated code.
#[track_caller]
pub fn operation_call<O: Operation>(
    target: &EntityTarget,
    arguments: O::Arguments,
) -> EntityCall<O::Output, O::Error> {
    entity_call(target, O::NAME, arguments)
}

pub(super) fn call_request<A: Arguments>(
    target: &EntityTarget,
    operation: &'static str,
    arguments: &A,
    lock: Option<CallPath>,
) -> CallRequest {
    CallRequest::EntityCall {
        entity: target.id().clone(),
        operation,
        input: arguments.encode(),
        reencode: reencode::<A>,
        lock,
        options: CallOptions::default(),
    }
}

/// A call of an operation, which [`EntityContext::signal`] can turn into a signal.
#[diagnostic::on_unimplemented(
    message = "`ctx.signal(…)` needs a call of an operation, not `{Self}`",
    label = "not a call of an operation",
    note = "pass the call: `ctx.signal(Account::at(key).deposit(1))`",
    note = "`signal_deposit` does not need `ctx.signal`: write \
            `Account::at(key).signal_deposit(1).await` [D108]"
)]
pub trait ToSignal {
    /// The entity, the operation and its arguments.
    fn to_request(&self) -> (EntityId, &'static str, Result<Option<Payload>, CodecError>);
}

#[diagnostic::do_not_recommend]
impl<T, E> ToSignal for EntityCall<T, E> {
    fn to_request(&self) -> (EntityId, &'static str, Result<Option<Payload>, CodecError>) {
        match self.0.raw().request() {
            CallRequest::EntityCall {
                entity,
                operation,
                input,
                ..
            } => (entity.clone(), operation, input.clone()),
            _ => (EntityId::new("", ""), "", Ok(None)),
        }
    }
}

impl<T: Recorded, E: CallableError> EntityCall<T, E> {
    /// Waits no longer than `limit` for the answer. Then the call fails with [`Failure::TimedOut`];
    /// the operation may still run.
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.0.change(|options| options.timeout = Some(limit));
        self
    }

    /// Sets a label that people see.
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.0.change(|options| options.label = Some(label.into()));
        self
    }

    /// Calls again by `policy` if the operation fails with any error; use
    /// [`retry_with`](Self::retry_with) to choose. A policy with a number out of range fails the
    /// call.
    ///
    /// An operation that failed changed nothing. One that [timed out](Self::timeout) may still run,
    /// beside the one that is called again.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry(self, policy: RetryPolicy) -> Retried<'static, T, E> {
        Retried::by_policy(self.0, policy, |_| true)
    }

    /// Calls again as `decide` says. It gets the number of the attempt that failed, from 1, and the
    /// error. It returns how long to wait, or `None` to give up.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry_with<'f, F>(self, decide: F) -> Retried<'f, T, E>
    where
        F: FnMut(u32, &E) -> Option<Duration> + Send + 'f,
    {
        Retried::deciding(self.0, decide)
    }

    /// Sends the call now, and not when it is first awaited.
    ///
    /// # Replay
    /// Records `EntityCalled` at once.
    ///
    /// # Panics
    /// Panics outside an orchestrator.
    pub fn spawn(self) -> Spawned<Self> {
        Spawned::new(self)
    }
}

impl<T, E> Schedule for EntityCall<T, E> {
    fn schedule(&mut self) {
        self.0.schedule();
    }
}

impl<T: Recorded, E: CallableError> Future for EntityCall<T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // An operation of an entity runs through: it gets no answer.
        if EntityContext::current().is_some() {
            return Poll::Pending;
        }
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Durable for EntityCall<T, E> {}

impl<T, E> Recording for EntityCall<T, E> {}

impl<T, E> fmt::Debug for EntityCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EntityCall").field(&self.0).finish()
    }
}

/// A signal to an entity: a call without an answer. Its await completes when the signal is on its
/// way; nobody learns how the operation ends. An operation of an entity may await it too.
///
/// # Replay
/// Records `EntitySignalled` when it is first polled. On replay it returns at once.
#[derive(Debug)]
#[must_use = "nothing is signalled until it is awaited"]
pub struct EntitySignal(TypedCall<(), Failure>);

/// Returns a signal; for generated code.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what a call is given is given away"
)]
pub fn entity_signal<A: Arguments>(
    target: &EntityTarget,
    operation: &'static str,
    arguments: A,
) -> EntitySignal {
    let request = CallRequest::EntitySignal {
        entity: target.id().clone(),
        operation,
        input: arguments.encode(),
        reencode: reencode::<A>,
        delay: None,
    };
    let site = SourcePlace::of(Location::caller());
    EntitySignal(TypedCall::new(RawCall::new(request, site)))
}

/// Returns a signal that asks for the operation `O`; for generated code.
#[track_caller]
pub fn operation_signal<O: Operation>(
    target: &EntityTarget,
    arguments: O::Arguments,
) -> EntitySignal {
    entity_signal(target, O::NAME, arguments)
}

impl EntitySignal {
    /// Delays the signal. It is delivered when `wait` is over, in no order with other messages.
    ///
    /// # Replay
    /// The due time is recorded with the signal.
    pub fn after(mut self, wait: Duration) -> Self {
        if let Some(CallRequest::EntitySignal { delay, .. }) = self.0.request_mut() {
            *delay = Some(wait);
        }
        self
    }
}

impl Future for EntitySignal {
    type Output = Result<(), Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = &mut self.get_mut().0;
        let request = call.raw().request();
        if let (
            Some(context),
            CallRequest::EntitySignal {
                entity,
                operation,
                input,
                delay,
                ..
            },
        ) = (EntityContext::current(), request)
        {
            // In an operation it is one of its decisions, sent with its commit if the operation
            // succeeds (N3).
            context.push_signal(entity.clone(), operation, input.clone(), *delay);
            return Poll::Ready(Ok(()));
        }
        Pin::new(call).poll(cx)
    }
}

#[diagnostic::do_not_recommend]
impl Durable for EntitySignal {}

impl Recording for EntitySignal {}
