//! The typed way into a hub: start instances, read their status, raise events, list.
//!
//! [`Client`] is a cheap handle on `dyn Commands`; [`StoreCommands`] executes commands on a store of
//! this process. A generated client has the types of its orchestrator: arguments, output, error,
//! custom status and the declared events.
//!
//! 1. When a call has returned, its effect is durable. A call that failed before the client wrote it
//!    has no effect.
//! 2. Each command takes effect once, however often the client has to ask the store again.
//! 3. A client needs no worker in its process. It polls the store for changes; a worker in the same
//!    process notifies it at once.

mod command;
mod control;
mod entities;
mod entity;
mod entity_commands;
mod handle;
mod info;
mod instance;
mod instances;
mod purge;
mod raise;
#[cfg(feature = "http-client")]
mod remote;
mod restart;
mod result;
mod start;
mod status;
mod store_commands;
mod target;
mod terminate;
mod untyped;
mod waiting;
#[cfg(any(feature = "http", feature = "http-client"))]
pub(crate) mod wire;

pub use crate::commands::ClientError;
#[cfg(feature = "http")]
pub(crate) use command::fresh as fresh_command;
pub use control::Cancel;
#[cfg(feature = "http")]
pub(crate) use control::GRACE as CANCEL_GRACE;
pub use control::Resume;
pub use control::Suspend;
pub use entities::Entities;
pub use entities::EntityInfo;
pub use entities::EntityPages;
pub use entity::ClientCall;
pub use entity::ClientSignal;
pub use entity::EntityHandle;
pub use entity::OperationError;
pub use entity::SentSignal;
pub use handle::Client;
pub use info::InstanceInfo;
pub use instance::Instance;
pub use instances::Instances;
pub use instances::Pages;
#[cfg(feature = "http")]
pub(crate) use instances::counts;
pub use purge::Purge;
pub use purge::PurgeChunks;
pub use raise::Raise;
#[cfg(feature = "http-client")]
pub use remote::HttpCommands;
#[cfg(feature = "http-client")]
pub use remote::HttpCommandsBuilder;
#[cfg(feature = "http-client")]
pub use remote::HttpConfigError;
pub use restart::Restart;
pub use result::InstanceResult;
pub use result::ResultError;
pub use start::StartBuilder;
pub use status::Status;
pub use store_commands::StoreCommands;
pub use terminate::Terminate;
pub use waiting::Attempts;
pub use waiting::Waiting;
#[cfg(feature = "http")]
pub(crate) use waiting::open_calls;

#[cfg(test)]
mod tests;
