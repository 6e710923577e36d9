//! Where instances, histories, messages and timers are kept.
//!
//! [`Store`] is the one contract; [`ModelStore`] is that contract as plain maps, the specification
//! that every other store is tested against (`durable_testkit::conformance`).
//!
//! 1. A call either does all it says or nothing, and what it did is durable when it returns.
//! 2. Every call that depends on time takes `now`; a store reads no clock.
//! 3. Only the worker that owns a unit writes the rows of its instances after their creation; a
//!    worker that has lost its epoch writes nothing at all.

mod contract;
mod creation;
mod dump;
mod error;
mod fair_share;
mod model;
mod reading;

pub use contract::Created;
pub use contract::HubInfo;
pub use contract::InboxMessage;
pub use contract::Loaded;
pub use contract::NewWorker;
pub use contract::Sent;
pub use contract::Store;
pub use contract::WorkerLease;
pub use error::StoreError;
pub use model::ModelStore;
