//! Names and versions to functions.
//!
//! Functions are registered by hand: what is linked but named nowhere is lost to every scheme that
//! registers by itself. So [`Registry::check`] lists what a registered orchestrator calls and nobody
//! registered.

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
pub use mock::MockedOperation;
pub use mock::StandIn;
pub use register::Registry;
pub(crate) use suggest::closest;
