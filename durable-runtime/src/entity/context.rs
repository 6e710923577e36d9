//! The context of an operation of an entity.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use super::ToSignal;
use crate::clock::Timestamp;
use crate::failure::Failure;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::machine::entity::Decision;
use crate::machine::entity::Invocation;
use crate::orchestration::ChildCall;
use crate::orchestration::Orchestrator;
use crate::payload::CodecError;
use crate::payload::Payload;

/// The context of an operation: it knows the entity and takes the operation's requests.
///
/// The requests count only if the operation succeeds.
pub struct EntityContext(Arc<Shared>);

struct Shared {
    id: EntityId,
    message: crate::ids::MessageId,
    now: Timestamp,
    asked: Mutex<Asked>,
}

/// What an operation asked for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) decisions: Vec<Decision>,
    pub(super) deleted: bool,
    /// Something that cannot be asked for.
    pub(super) refused: Option<Failure>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Shared>>> = const { RefCell::new(None) };
}

impl EntityContext {
    pub(super) fn new(invocation: &Invocation<'_>) -> Self {
        Self(Arc::new(Shared {
            id: invocation.entity.clone(),
            message: invocation.message,
            now: invocation.now,
            asked: Mutex::default(),
        }))
    }

    /// The context of the operation that this thread runs right now.
    pub(super) fn current() -> Option<Self> {
        CURRENT.with_borrow(|current| current.as_ref().map(|shared| Self(Arc::clone(shared))))
    }

    /// Makes this the current context while `f` runs.
    pub(super) fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        // By a guard, so that an operation that panics leaves no context behind for the next one on
        // this thread.
        struct Left;
        impl Drop for Left {
            fn drop(&mut self) {
                CURRENT.with_borrow_mut(|current| *current = None);
            }
        }
        CURRENT.with_borrow_mut(|current| *current = Some(Arc::clone(&self.0)));
        let _left = Left;
        f()
    }

    pub(super) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the entity's key.
    pub fn key(&self) -> &str {
        self.0.id.key()
    }

    /// Returns the entity's name and key.
    pub fn id(&self) -> &EntityId {
        &self.0.id
    }

    /// Returns the time of the turn.
    pub fn now(&self) -> Timestamp {
        self.0.now
    }

    /// Signals an entity: `ctx.signal(Inventory::at("x").shipped(1))`. The return value of the
    /// called operation is dropped. With [`after`](Signalled::after) the signal is delayed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is signalled is given away"
    )]
    pub fn signal<C: ToSignal>(&self, call: C) -> Signalled<'_> {
        let (entity, operation, input) = call.to_request();
        self.push_signal(entity, operation, input, None)
    }

    pub(super) fn push_signal(
        &self,
        entity: EntityId,
        operation: &str,
        input: Result<Option<Payload>, CodecError>,
        delay: Option<Duration>,
    ) -> Signalled<'_> {
        let mut asked = self.asked();
        let at = asked.decisions.len();
        match input {
            Ok(input) => asked.decisions.push(Decision::Signal {
                entity,
                operation: operation.to_owned(),
                input,
                delay,
            }),
            Err(error) => {
                // `signal` returns no result, so the operation fails as a whole: all of it is
                // undone (N3).
                asked.refused.get_or_insert(Failure::Codec(error));
            }
        }
        // Before the value is returned: `after` locks it again.
        drop(asked);
        Signalled { context: self, at }
    }

    /// Starts an orchestration that does not depend on this entity, and returns its id:
    /// `ctx.start(process_order(order))`. If the call names an id that is already taken, nothing is
    /// started. An id that breaks the rules of [`InstanceId`] fails the operation with
    /// [`Failure::InvalidInstanceId`].
    pub fn start<O: Orchestrator>(&self, call: ChildCall<O>) -> InstanceId {
        let (chosen, input) = call.into_start();
        let mut asked = self.asked();
        let number = asked.decisions.len();
        let chosen = chosen.transpose().unwrap_or_else(|invalid| {
            asked.refused.get_or_insert(invalid.into());
            None
        });
        // From the message and the number of the decision, so that an operation that is run again
        // after a failed commit names the same instance.
        let id = chosen.unwrap_or_else(|| InstanceId::of_start(self.id(), self.0.message, number));
        match input {
            Ok(input) => asked.decisions.push(Decision::Start {
                id: id.clone(),
                name: O::DEFINITION.name.to_owned(),
                version: O::DEFINITION.version.to_owned(),
                input,
            }),
            Err(error) => {
                asked.refused.get_or_insert(Failure::Codec(error));
            }
        }
        id
    }

    /// Deletes the entity's state once this operation has succeeded. The next operation begins with
    /// the first state.
    pub fn delete_state(&self) {
        self.asked().deleted = true;
    }
}

impl fmt::Debug for EntityContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EntityContext").field(&self.0.id).finish()
    }
}

/// A signal that will be sent if the operation succeeds; made by [`EntityContext::signal`].
#[derive(Debug)]
pub struct Signalled<'a> {
    context: &'a EntityContext,
    at: usize,
}

impl Signalled<'_> {
    /// Delays the signal. It is delivered when `wait` is over, in no order with other messages.
    pub fn after(self, wait: Duration) {
        let mut asked = self.context.asked();
        if let Some(Decision::Signal { delay, .. }) = asked.decisions.get_mut(self.at) {
            *delay = Some(wait);
        }
    }
}
