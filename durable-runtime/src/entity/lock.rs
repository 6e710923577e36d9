//! Critical sections.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ops::DerefMut;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use super::Entity;
use super::EntityRef;
use super::EntityTarget;
use super::Operation;
use super::calls::call_request;
use crate::callable::CallableError;
use crate::definition::SourcePlace;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::ids::EntityId;
use crate::machine::CallRequest;
use crate::machine::RawCall;
use crate::machine::Section;
use crate::orchestration::Durable;
use crate::orchestration::Held;
use crate::orchestration::Recording;
use crate::orchestration::Retried;
use crate::orchestration::typed_call::TypedCall;
use crate::payload::Arguments;
use crate::payload::Recorded;
use crate::retry::RetryPolicy;

/// Locks entities for a critical section: `lock!(Account::at("a"), Account::at("b")).await?`.
///
/// Yields one [`Locked`](crate::entity::Locked) part for each entity, as a tuple; for a single one
/// the part itself, for a `Vec` of entities a `Vec` of parts. All are locked, in one global order,
/// or none. The section ends when the last part is dropped.
#[macro_export]
macro_rules! lock {
    ($entity:expr $(,)?) => {
        $crate::entity::lock($entity)
    };
    ($($entity:expr),+ $(,)?) => {
        $crate::entity::lock(($($entity,)+))
    };
}

/// Something that can be locked at once: an entity, a tuple of entities, or a `Vec` of entities of
/// one type.
pub trait LockSet {
    /// The parts of the section.
    type Parts;

    /// Returns the entities.
    fn entities(&self) -> Vec<EntityId>;

    /// Returns the parts of a section whose lock was granted.
    fn parts(&self, section: &Arc<Section>) -> Self::Parts;
}

impl<E: Entity> LockSet for EntityRef<E> {
    type Parts = Locked<E>;

    fn entities(&self) -> Vec<EntityId> {
        vec![self.id().clone()]
    }

    fn parts(&self, section: &Arc<Section>) -> Locked<E> {
        let id = self.id().clone();
        let part = LockedPart {
            target: EntityTarget::new(id.clone()),
            section: Arc::clone(section),
        };
        Locked {
            id,
            operations: E::Section::from(part),
        }
    }
}

impl<E: Entity> LockSet for Vec<EntityRef<E>> {
    type Parts = Vec<Locked<E>>;

    fn entities(&self) -> Vec<EntityId> {
        // As they come: the machine sorts them and leaves out those that are named twice (N5).
        self.iter().map(|entity| entity.id().clone()).collect()
    }

    fn parts(&self, section: &Arc<Section>) -> Vec<Locked<E>> {
        self.iter().map(|entity| entity.parts(section)).collect()
    }
}

macro_rules! lock_set_of_tuple {
    ($($name:ident $number:tt),+) => {
        impl<$($name: LockSet),+> LockSet for ($($name,)+) {
            type Parts = ($($name::Parts,)+);

            fn entities(&self) -> Vec<EntityId> {
                let mut entities = Vec::new();
                $(entities.extend(self.$number.entities());)+
                entities
            }

            fn parts(&self, section: &Arc<Section>) -> Self::Parts {
                ($(self.$number.parts(section),)+)
            }
        }
    };
}

lock_set_of_tuple!(A 0, B 1);
lock_set_of_tuple!(A 0, B 1, C 2);
lock_set_of_tuple!(A 0, B 1, C 2, D 3);
lock_set_of_tuple!(A 0, B 1, C 2, D 3, E 4);
lock_set_of_tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
lock_set_of_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
lock_set_of_tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

/// A lock request that may wait; made by [`lock!`](crate::lock!).
///
/// # Replay
/// Records `LockRequested` when it is first polled. On replay it returns if `LockGranted` is in the
/// history. If you drop it, or the last of its parts, the lock is released.
#[must_use = "nothing is locked until it is awaited"]
pub struct Lock<S> {
    raw: RawCall,
    set: S,
}

/// Locks the entities in `set`; [`lock!`](crate::lock!) calls this.
#[track_caller]
pub fn lock<S: LockSet>(set: S) -> Lock<S> {
    let request = CallRequest::Lock {
        entities: set.entities(),
    };
    let site = SourcePlace::of(Location::caller());
    Lock {
        raw: RawCall::new(request, site),
        set,
    }
}

/// The set is never pinned: it is only read.
impl<S> Unpin for Lock<S> {}

impl<S: LockSet> Future for Lock<S> {
    type Output = Result<S::Parts, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let failure = match ready!(Pin::new(&mut this.raw).poll(cx)) {
            Ok(_) => None,
            Err(CallError::Failure(failure)) => Some(failure),
            Err(CallError::Error(error)) => Some(Failure::Caused {
                message: error.message,
                causes: error.causes,
            }),
        };
        match (failure, this.raw.section()) {
            (None, Some(section)) => Poll::Ready(Ok(this.set.parts(&Arc::new(section)))),
            (failure, _) => Poll::Ready(Err(failure.unwrap_or(Failure::Cancelled))),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S> Durable for Lock<S> {}

impl<S> fmt::Debug for Lock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lock").field(&self.raw).finish()
    }
}

/// A part of a critical section: a locked entity, with its operations. The operations take `&mut
/// self`, so code that starts a second one while one is pending does not compile. The section ends
/// when its last part is dropped.
#[must_use = "the critical section ends when this is dropped"]
pub struct Locked<E: Entity> {
    id: EntityId,
    operations: E::Section,
}

impl<E: Entity> Locked<E> {
    /// Returns the entity's name and key.
    pub fn id(&self) -> &EntityId {
        &self.id
    }
}

impl<E: Entity> Held for Locked<E> {}

#[diagnostic::do_not_recommend]
impl<S> Recording for Lock<S> {}

#[diagnostic::do_not_recommend]
impl<T, E> Recording for LockedCall<'_, T, E> {}

impl<E: Entity> Deref for Locked<E> {
    type Target = E::Section;

    fn deref(&self) -> &E::Section {
        &self.operations
    }
}

impl<E: Entity> DerefMut for Locked<E> {
    fn deref_mut(&mut self) -> &mut E::Section {
        &mut self.operations
    }
}

impl<E: Entity> fmt::Debug for Locked<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Locked").field(&self.id).finish()
    }
}

/// An entity in a critical section; for generated code.
#[derive(Debug)]
pub struct LockedPart {
    target: EntityTarget,
    section: Arc<Section>,
}

/// A call of an operation in a critical section. While it is pending, it borrows its entity's part
/// of the lock, so that there is only one at a time:
///
/// ```
/// # use durable_runtime::Failure;
/// # use durable_runtime::entity::{LockedCall, LockedPart, locked_call};
/// fn one_after_the_other(part: &mut LockedPart) {
///     let first: LockedCall<'_, (), Failure> = locked_call(part, "deposit", (1,));
///     drop(first);
///     let second: LockedCall<'_, (), Failure> = locked_call(part, "deposit", (2,));
///     drop(second);
/// }
/// ```
///
/// ```compile_fail,E0499
/// # use durable_runtime::Failure;
/// # use durable_runtime::entity::{LockedCall, LockedPart, locked_call};
/// fn two_at_once(part: &mut LockedPart) {
///     let first: LockedCall<'_, (), Failure> = locked_call(part, "deposit", (1,));
///     let second: LockedCall<'_, (), Failure> = locked_call(part, "deposit", (2,));
///     drop((first, second)); // the part cannot be borrowed twice
/// }
/// ```
///
/// # Replay
/// As [`EntityCall`](super::EntityCall).
#[must_use = "a call does nothing until it is awaited"]
pub struct LockedCall<'a, T, E> {
    call: TypedCall<T, E>,
    part: PhantomData<&'a mut LockedPart>,
}

/// Returns a call of an operation in a critical section; for generated code.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "what a call is given is given away"
)]
pub fn locked_call<'a, A, T, E>(
    part: &'a mut LockedPart,
    operation: &'static str,
    arguments: A,
) -> LockedCall<'a, T, E>
where
    A: Arguments,
    T: Recorded,
    E: CallableError,
{
    // The path of the lock goes with the call: while an entity is locked, all but its holder wait
    // (N5).
    let lock = Some(part.section.path().clone());
    let request = call_request(&part.target, operation, &arguments, lock);
    let site = SourcePlace::of(Location::caller());
    LockedCall {
        call: TypedCall::new(RawCall::new(request, site)),
        part: PhantomData,
    }
}

impl<'a, T: Recorded, E: CallableError> LockedCall<'a, T, E> {
    /// Does the same as [`EntityCall::timeout`](super::EntityCall::timeout). Later calls run after
    /// the operation, even if that has timed out.
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.call.change(|options| options.timeout = Some(limit));
        self
    }

    /// Does the same as [`EntityCall::label`](super::EntityCall::label).
    ///
    /// # Replay
    /// Recorded with the call.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.call
            .change(|options| options.label = Some(label.into()));
        self
    }

    /// Does the same as [`EntityCall::retry`](super::EntityCall::retry). It holds the lock
    /// meanwhile.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry(self, policy: RetryPolicy) -> Retried<'a, T, E> {
        Retried::by_policy(self.call, policy, |_| true)
    }

    /// Does the same as [`EntityCall::retry_with`](super::EntityCall::retry_with). It holds the
    /// lock meanwhile.
    ///
    /// # Replay
    /// Each attempt is a call of its own in a branch of its own, each wait a durable timer.
    pub fn retry_with<F>(self, decide: F) -> Retried<'a, T, E>
    where
        F: FnMut(u32, &E) -> Option<Duration> + Send + 'a,
    {
        Retried::deciding(self.call, decide)
    }
}

/// Returns a call of the operation `O` in a critical section; for generated code.
#[track_caller]
pub fn section_call<O: Operation>(
    part: &mut LockedPart,
    arguments: O::Arguments,
) -> LockedCall<'_, O::Output, O::Error> {
    locked_call(part, O::NAME, arguments)
}

impl<T: Recorded, E: CallableError> Future for LockedCall<'_, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().call).poll(cx)
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Durable for LockedCall<'_, T, E> {}

impl<T, E> fmt::Debug for LockedCall<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LockedCall").field(&self.call).finish()
    }
}
