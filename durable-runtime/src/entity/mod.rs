//! Entities: named, keyed state with operations that run one at a time.
//!
//! It has the trait that `#[entity]` implements ([`Entity`]), the context of operations
//! ([`EntityContext`]), and the calls, signals and locks of orchestrators and other entities.
//!
//! 1. An operation sees the recorded state and runs to its end without waiting: it may await
//!    nothing but signals.
//! 2. A call or a signal is a lazy durable future. Clients have the same calls and signals.
//! 3. A critical section is a plain value: the parts of a [`Lock`]. It ends when the last part is
//!    dropped, however the orchestration ends.

mod awaited;
mod calls;
mod context;
mod contract;
mod lock;
mod operation;
mod run;

pub use awaited::RunsThrough;
pub use awaited::Through;
pub use awaited::runs_through;
pub use awaited::through;
pub use calls::EntityCall;
pub use calls::EntityRef;
pub use calls::EntitySignal;
pub use calls::EntityTarget;
pub use calls::ToSignal;
pub use calls::entity_call;
pub use calls::entity_signal;
pub use calls::operation_call;
pub use calls::operation_signal;
pub use context::EntityContext;
pub use context::Signalled;
pub use contract::Entity;
pub use contract::FirstState;
pub use contract::MigratesFrom;
pub use contract::Operation;
pub use contract::OperationDefinition;
pub use contract::first_state;
pub use contract::load_state_or_migrate;
pub use lock::Lock;
pub use lock::LockSet;
pub use lock::Locked;
pub use lock::LockedCall;
pub use lock::LockedPart;
pub use lock::lock;
pub use lock::locked_call;
pub use lock::section_call;
pub use operation::OperationCall;
pub use operation::OperationFuture;
pub use operation::OperationResult;
pub use run::run_operation;
