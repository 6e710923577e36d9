//! The trait that `#[entity]` implements.

use serde::de::DeserializeOwned;

use super::EntityTarget;
use super::LockedPart;
use super::OperationCall;
use super::OperationFuture;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// An entity: a type whose values are kept, each under a key, and changed by operations that run
/// one at a time. `#[entity]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an entity",
    note = "an entity is a type with `#[entity]` on its `impl` block"
)]
pub trait Entity: Recorded {
    /// The name under which its states are kept.
    const NAME: &'static str;
    /// The version of the code, noted with each state that it writes.
    const VERSION: &'static str;
    /// Its operations.
    const OPERATIONS: &'static [OperationDefinition];
    /// Its operations as orchestrators and entities call and signal them: what `T::at(key)` has.
    type Calls: From<EntityTarget> + Clone + Send + Sync + 'static;
    /// Its operations as they are called in a critical section: what a part of a lock has.
    type Section: From<LockedPart> + Send + Sync + 'static;

    /// The first state.
    fn init() -> Self;

    /// Reads a recorded state.
    ///
    /// # Errors
    /// [`CodecError`] when it is neither this state nor the one that it is migrated from.
    fn load(recorded: &Payload) -> Result<Self, CodecError>;

    /// Runs an operation.
    fn run<'a>(&'a mut self, call: OperationCall<'a>) -> OperationFuture<'a>;
}

/// What is known of an operation without running it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationDefinition {
    /// Its name.
    pub name: &'static str,
    /// Whether it only reads.
    pub read_only: bool,
}

impl OperationDefinition {
    /// A definition; for generated code.
    pub const fn new(name: &'static str, read_only: bool) -> Self {
        Self { name, read_only }
    }
}

/// Reads a state; what [`Entity::load`] does.
///
/// # Errors
/// [`CodecError`] when it is not a `T`.
pub fn load_state<T: Recorded>(recorded: &Payload) -> Result<T, CodecError> {
    T::from_payload(recorded)
}

/// Reads a state, or an older one and makes this of it; what [`Entity::load`] does under
/// `#[entity(migrate_from = Old)]`.
///
/// # Errors
/// [`CodecError`] when it is neither: what is wrong with it as a `T`.
pub fn load_state_or_migrate<T, Old>(recorded: &Payload) -> Result<T, CodecError>
where
    T: Recorded + From<Old>,
    Old: DeserializeOwned,
{
    T::from_payload(recorded).or_else(|error| match recorded.decode::<Old>() {
        Ok(old) => Ok(old.into()),
        Err(_) => Err(error),
    })
}
