//! The data that is exchanged: messages to instances, the request and the outcome of a turn, the
//! writes of a commit, and the commands of a client.
//!
//! It has plain data and object-safe traits. The requests and outcomes of turns implement serde's
//! traits, so that a turn can run in another process than the one that commits it.

mod activity_task;
mod code;
mod commands;
mod entity;
mod error;
mod instance;
mod limits;
mod message;
mod notifier;
mod query;
mod registered;
#[cfg(any(feature = "http", feature = "http-client"))]
pub(crate) mod remote;
mod turn;
mod write;

pub use activity_task::ActivityTask;
pub use code::EventCheck;
pub use code::EventCode;
pub use code::InputCheck;
pub use code::OrchestratorCode;
pub use code::UndeclaredEvent;
pub use code::UndecodableEvent;
pub use code::UndecodableInput;
pub use commands::Commands;
pub use commands::Control;
pub use commands::StartAt;
pub use commands::StartRequest;
pub use commands::Started;
pub use entity::Answer;
pub use entity::Caller;
pub use entity::DelayedSignal;
pub use entity::EntityFilter;
pub use entity::EntityListing;
pub use entity::EntityOperation;
pub use entity::EntityPage;
pub use entity::EntityRequest;
pub use entity::EntityRow;
pub use entity::EntityTicket;
pub use entity::EntityUpdate;
pub use entity::LockHolder;
pub use entity::LockRequest;
pub use entity::Sender;
pub use entity::SignalRef;
pub use entity::WithdrawRequest;
pub use error::ClientError;
pub use instance::FirstEvent;
pub use instance::IfExists;
pub use instance::InstanceRow;
pub use instance::InstanceStatus;
pub use instance::NewInstance;
pub use instance::Output;
pub use limits::Limits;
pub use message::Message;
pub use message::MessageBody;
pub use notifier::Notifier;
pub use query::InstanceFilter;
pub use query::InstancePage;
pub use query::PageToken;
pub use query::Purged;
pub use registered::NotRegistered;
pub use registered::version_for;
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
