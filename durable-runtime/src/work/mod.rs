//! The data that is exchanged: messages to instances, the request and the outcome of a turn, and the
//! writes of a commit.
//!
//! It is plain data. The requests and outcomes of turns implement serde's
//! traits, so that a turn can run in another process than the one that commits it.

mod activity_task;
mod entity;
mod instance;
mod message;
mod turn;
mod write;

pub use activity_task::ActivityTask;
pub use entity::Answer;
pub use entity::Caller;
pub use entity::EntityOperation;
pub use entity::EntityRow;
pub use entity::EntityUpdate;
pub use entity::LockHolder;
pub use entity::LockRequest;
pub use entity::Sender;
pub use entity::SignalRef;
pub use instance::FirstEvent;
pub use instance::InstanceRow;
pub use instance::InstanceStatus;
pub use instance::NewInstance;
pub use instance::Output;
pub use message::Message;
pub use message::MessageBody;
pub use turn::Next;
pub use turn::Outcome;
pub use turn::TurnRequest;
pub use write::Address;
pub use write::Heartbeat;
pub use write::HistoryGone;
pub use write::HistoryRow;
pub use write::InstanceUpdate;
pub use write::OutgoingMessage;
pub use write::Timer;
pub use write::TimerId;
pub use write::TimerKind;
pub use write::TurnWrite;
