//! The entity machine: a batch of messages on one state, as a function from data to data.
//!
//! 1. Operations run one at a time, in the order in which their messages came.
//! 2. Each is all or nothing: one that fails or panics leaves the state, the signals and the starts
//!    as they were; its caller gets the error, the rest of the batch stands.
//! 3. While the entity is locked, only what belongs to the lock's critical section runs; everything
//!    else waits in the inbox, in order.
//! 4. A request for a lock goes from entity to entity in one global order, and a withdrawal goes the
//!    same way behind it; so nobody waits in a circle.

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
