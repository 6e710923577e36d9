//! Stores for instances, histories, messages and timers.
//!
//! [`Store`] is the only contract. [`ModelStore`] implements it with plain maps; it is the
//! specification that every other store is tested against (`durable_testkit::conformance`).
//!
//! 1. A call does either everything or nothing, and what it did is durable when it returns.
//! 2. Every call that depends on time takes `now`; a store reads no clock.
//! 3. After its creation, only the worker that owns a unit writes the rows of its instances. A
//!    worker that has lost its epoch writes nothing at all.

mod contract;
mod creation;
mod dump;
mod error;
mod fair_share;
mod layer;
#[cfg(feature = "sqlite")]
mod migration;
mod model;
#[cfg(feature = "sqlite")]
mod on_own_thread;
mod opening;
#[cfg(feature = "sqlite")]
mod own_thread;
mod page;
mod purging;
mod reading;
mod showing;
#[cfg(feature = "sqlite")]
mod sql;
#[cfg(feature = "sqlite")]
mod table;

pub use contract::Created;
pub use contract::EntityCommand;
pub use contract::EntitySent;
pub use contract::HubInfo;
pub use contract::InboxMessage;
pub use contract::InstanceCommand;
pub use contract::Loaded;
pub use contract::LoadedEntity;
pub use contract::NewWorker;
pub use contract::Sent;
pub use contract::SignalWithdrawal;
pub use contract::Store;
pub use contract::Unread;
pub use contract::WorkerLease;
pub use error::FileChange;
pub use error::StoreError;
pub use layer::StoreLayer;
pub use model::ModelStore;
pub use opening::DEFAULT_HUB;
pub use opening::OpenedStore;
pub use opening::open;
pub use opening::open_hub;
pub use page::InboxPage;
pub use page::TimerPage;
pub use page::TimerPlace;
pub use page::UnreadableMessage;
#[cfg(feature = "sqlite")]
pub use sql::SqlStore;
