//! The trait that `#[entity]` implements.

use serde::de::DeserializeOwned;

use super::EntityTarget;
use super::LockedPart;
use super::OperationCall;
use super::OperationFuture;
use crate::callable::CallableError;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// An entity: a type whose values `durable` stores, each under a key. Operations change them one at
/// a time. `#[entity]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    note = "an entity is a type with `#[entity]` on its `impl` block"
)]
pub trait Entity: Recorded {
    /// The name under which its states are stored.
    const NAME: &'static str;
    /// The version of the code, recorded with each state that it writes.
    const VERSION: &'static str;
    /// Its operations.
    const OPERATIONS: &'static [OperationDefinition];
    /// Its operations for orchestrators and entities, to call and to signal: the methods of
    /// `T::at(key)`.
    type Calls: From<EntityTarget> + Clone + Send + Sync + 'static;
    /// Its operations in a critical section: the methods of a part of a lock.
    type Section: From<LockedPart> + Send + Sync + 'static;

    /// Returns the first state.
    fn init() -> Self;

    /// Reads a recorded state.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value decodes neither as this state nor as the older type.
    fn load(recorded: &Payload) -> Result<Self, CodecError> {
        Self::from_payload(recorded)
    }

    /// Runs an operation.
    fn run<'a>(&'a mut self, call: OperationCall<'a>) -> OperationFuture<'a>;
}

/// An operation of an entity, as a type; for generated code.
pub trait Operation {
    /// Its name.
    const NAME: &'static str;
    /// Whether it is read-only.
    const READ_ONLY: bool;
    /// Its arguments, as a tuple.
    type Arguments: Arguments;
    /// What it returns when it succeeds.
    type Output: Recorded;
    /// Its error; [`Failure`](crate::Failure) if it returns a plain value.
    type Error: CallableError;
}

/// The definition of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationDefinition {
    /// Its name.
    pub name: &'static str,
    /// Whether it is read-only.
    pub read_only: bool,
}

impl OperationDefinition {
    /// Creates a definition; for generated code.
    pub const fn new(name: &'static str, read_only: bool) -> Self {
        Self { name, read_only }
    }

    /// Returns the definition of `O`; for generated code.
    pub const fn of<O: Operation>() -> Self {
        Self::new(O::NAME, O::READ_ONLY)
    }
}

/// A type whose `Default` is the first state of an entity.
///
/// It is a trait of its own, and not just `Default`, so that the compiler can report a missing one
/// in our words.
#[diagnostic::on_unimplemented(
    message = "the entity `{Self}` has no first state",
    label = "not `Default`",
    note = "derive `Default` for it, or name the function that creates the first state: \
            `#[entity(init = path)]` [D107]"
)]
pub trait FirstState {
    /// Returns the first state.
    fn first_state() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> FirstState for T {
    fn first_state() -> Self {
        Self::default()
    }
}

/// Returns the first state. [`Entity::init`] calls this unless `#[entity(init = path)]` names
/// another function.
pub fn first_state<T: FirstState>() -> T {
    T::first_state()
}

/// Decodes a state, or decodes an older one and converts it. [`Entity::load`] does this under
/// `#[entity(migrate_from = Old)]`.
///
/// # Errors
/// [`CodecError`] if it is neither; it says why it is not a `T`.
pub fn load_state_or_migrate<T, Old>(recorded: &Payload) -> Result<T, CodecError>
where
    T: Recorded + MigratesFrom<Old>,
{
    // Today's form first: most states have it. If neither fits, the error about today's form is the
    // one that helps.
    T::from_payload(recorded).or_else(|error| T::migrated(recorded).map_err(|_| error))
}

/// A type that can be made from an older state.
///
/// It is a trait of its own, and not just its bounds, so that the compiler can report a missing one
/// in our words.
#[diagnostic::on_unimplemented(
    message = "the older state `{Old}` cannot be converted to the state `{Self}`",
    label = "`{Self}` must implement `From<{Old}>`, and `{Old}` must implement `Deserialize`",
    note = "implement `From<{Old}>` for `{Self}`, and derive `serde::Deserialize` for `{Old}` \
            [D110]"
)]
pub trait MigratesFrom<Old>: Sized {
    /// Decodes the older state and converts it.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value is no such state.
    fn migrated(recorded: &Payload) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: From<Old>, Old: DeserializeOwned> MigratesFrom<Old> for T {
    fn migrated(recorded: &Payload) -> Result<Self, CodecError> {
        recorded.decode::<Old>().map(Self::from)
    }
}
