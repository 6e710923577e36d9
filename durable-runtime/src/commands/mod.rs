//! The commands of a client, at the level of payloads.
//!
//! [`Commands`] is the seam between a client and a hub: the [client](crate::client) sends them to a store
//! of its process or over HTTP, and the HTTP API takes them from there.
//!
//! 1. They are plain data, which serde reads and writes: a command means the same on both sides of a
//!    network.
//! 2. A command that writes has an id that makes it count once, however often it arrives.
//! 3. [`ClientError`] is the only error: what one side could not do, the other says in the same words.

mod code;
mod contract;
mod control;
mod entity;
mod error;
mod limits;
mod query;
mod registered;
mod start;

pub use code::EventCheck;
pub use code::EventCode;
pub use code::InputCheck;
pub use code::OrchestratorCode;
pub use code::UndeclaredEvent;
pub use code::UndecodableEvent;
pub use code::UndecodableInput;
pub use contract::Commands;
pub use control::Control;
pub use entity::DelayedSignal;
pub use entity::EntityFilter;
pub use entity::EntityListing;
pub use entity::EntityPage;
pub use entity::EntityRequest;
pub use entity::EntityTicket;
pub use entity::WithdrawRequest;
pub use error::ClientError;
pub use limits::Limits;
pub use query::InstanceFilter;
pub use query::InstancePage;
pub use query::PageToken;
pub use query::Purged;
pub use registered::NotRegistered;
pub use registered::version_for;
pub use start::IfExists;
pub use start::StartAt;
pub use start::StartRequest;
pub use start::Started;
