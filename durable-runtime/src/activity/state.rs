//! Values that activities share: connections, clients, configuration.

use std::any::Any;
use std::any::TypeId;
use std::any::type_name;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::ActivityContext;
use super::ActivityInvocation;

/// A value that was given to the runtime by `.state(value)`. An activity with a parameter of this
/// type gets it injected. Cloning is cheap: all clones are the same value.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// struct Warehouse {
///     shelves: u32,
/// }
///
/// #[activity]
/// async fn count_shelves(warehouse: State<Warehouse>) -> u32 {
///     warehouse.shelves
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let shelves = count_shelves::run(State::new(Warehouse { shelves: 3 })).await;
/// assert_eq!(shelves, 3);
/// # });
/// ```
pub struct State<T: ?Sized>(Arc<T>);

impl<T> State<T> {
    /// Creates a state without a runtime, for unit tests of an activity's `run`.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T: ?Sized> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&&*self.0).finish()
    }
}

/// The states of a runtime, one of each type.
///
/// ```
/// use durable_runtime::activity::States;
///
/// let mut states = States::default();
/// states.insert(7_u32);
/// assert_eq!(*states.get::<u32>().unwrap(), 7);
/// assert!(states.get::<String>().is_none());
/// ```
#[derive(Default, Clone)]
pub struct States(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl States {
    /// Stores `value`, and replaces an earlier value of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.0.insert(TypeId::of::<T>(), Arc::new(value));
    }

    /// Stores `value`, unless a value of its type is already stored.
    pub fn insert_unless_there<T: Send + Sync + 'static>(&mut self, value: T) {
        let there = self.0.entry(TypeId::of::<T>());
        there.or_insert_with(|| Arc::new(value));
    }

    /// Returns the state of type `T`.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<State<T>> {
        let value = Arc::clone(self.0.get(&TypeId::of::<T>())?);
        value.downcast().ok().map(State)
    }

    /// Whether there is what `required` asks for.
    pub(crate) fn has(&self, required: &RequiredState) -> bool {
        self.0.contains_key(&required.id)
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.0.len())
    }
}

/// A state that an activity needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredState {
    id: TypeId,
    name: &'static str,
}

/// The states that one activity needs.
pub type RequiredStates = Vec<RequiredState>;

impl RequiredState {
    /// Returns the name of its type.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns whether it is of one of these types.
    pub fn is_one_of(&self, types: &[TypeId]) -> bool {
        types.contains(&self.id)
    }
}

/// An activity needs a state that the runtime was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the runtime has no state of type `{name}`: give it one with `.state(…)` before `.start()`"
)]
pub struct MissingState {
    name: &'static str,
}

/// A type that is injected into an activity instead of being recorded.
pub trait Injected: Sized {
    /// Takes it from the invocation.
    ///
    /// # Errors
    /// [`MissingState`] if the runtime was not given the state.
    fn take(invocation: &ActivityInvocation) -> Result<Self, MissingState>;

    /// Returns the state that the runtime must have.
    fn required() -> Option<RequiredState>;
}

impl Injected for ActivityContext {
    fn take(invocation: &ActivityInvocation) -> Result<Self, MissingState> {
        Ok(invocation.context.clone())
    }

    fn required() -> Option<RequiredState> {
        None
    }
}

impl<T: Send + Sync + 'static> Injected for State<T> {
    fn take(invocation: &ActivityInvocation) -> Result<Self, MissingState> {
        let name = type_name::<T>();
        invocation.states.get().ok_or(MissingState { name })
    }

    fn required() -> Option<RequiredState> {
        Some(RequiredState {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
        })
    }
}

/// Takes the value for a parameter; for generated code.
///
/// # Errors
/// [`MissingState`] if the runtime was not given the state.
pub fn inject<T: Injected>(invocation: &ActivityInvocation) -> Result<T, MissingState> {
    T::take(invocation)
}

/// Returns the states that the parameters of one activity need; for generated code.
pub fn required_states(parameters: &[fn() -> Option<RequiredState>]) -> RequiredStates {
    parameters
        .iter()
        .filter_map(|required| required())
        .collect()
}
