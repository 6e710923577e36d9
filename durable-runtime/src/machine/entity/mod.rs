//! The entity machine: a batch of messages on one state, as a function from data to data.
//!
//! 1. Operations run one at a time, in the order of their messages.
//! 2. Each is all or nothing. If one fails or panics, its changes to the state, its signals and its
//!    starts are undone; its caller gets the error, and the rest of the batch is not affected.
//! 3. While the entity is locked, only the lock's critical section runs operations on it.
//!    Everything else waits in the inbox, in order.
//! 4. A lock request goes from entity to entity in one global order, and a withdrawal follows it
//!    the same way. Therefore no two requests wait for each other.

mod batch;
mod code;
mod locks;

pub use batch::DELETE_STATE;
pub use batch::EntityOutcome;
pub use batch::EntityTurnRequest;
pub use batch::entity_turn;
pub use code::Decision;
pub use code::EntityCode;
pub use code::Invocation;
pub use code::NewState;
pub use code::OperationEnd;
