//! Maps names and versions to functions.
//!
//! You register functions by hand, because no automatic registration finds a function that is
//! linked but never named. [`Registry::check`] therefore lists the callees of registered
//! orchestrators that nobody registered.

mod entries;
mod error;
mod function_item;
mod mock;
mod register;
mod suggest;

pub use entries::InvokeFn;
pub use entries::RegisteredActivity;
pub use entries::RegisteredEntity;
pub use entries::RegisteredOrchestrator;
pub use error::RegistryError;
pub use function_item::Callable;
pub use function_item::Register;
pub use mock::Mock;
pub use mock::Mockable;
pub use mock::MockableFunction;
pub use mock::MockedOperation;
pub use mock::StandIn;
pub use mock::mocked_operation;
pub use register::Registry;
pub(crate) use suggest::closest;
