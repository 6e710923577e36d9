//! Entities: the messages to them, and their stored rows.

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::payload::Payload;
use crate::payload::optional;

/// An operation for an entity to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityOperation {
    /// The operation's name.
    pub name: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// The caller that waits for the answer; absent for a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// The lock in whose critical section the call was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockHolder>,
    /// The time before which it must not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The sender of a delayed signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

/// The sender of a delayed signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Sender {
    /// A client, with this command.
    Client(String),
    /// An orchestration.
    Orchestration(InstanceId),
    /// An operation of an entity.
    Entity(EntityId),
}

/// Names a delayed signal of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignalRef {
    /// The signal with this number.
    Id(MessageId),
    /// The signal that a client sent with this command.
    Command(String),
}

/// The caller that waits for the answer of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Caller {
    /// A call of an orchestration.
    Orchestration {
        /// The instance.
        key: InstanceKey,
        /// Its execution.
        execution: Execution,
        /// The call in it.
        path: CallPath,
    },
    /// A client, which looks for the answer under its command.
    Client {
        /// The command.
        command: String,
    },
}

/// The holder of a lock, or the instance that wants it: the call of an orchestration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The instance.
    pub key: InstanceKey,
    /// Its id.
    pub instance: InstanceId,
    /// Its execution.
    pub execution: Execution,
    /// The lock in it.
    pub path: CallPath,
}

/// A lock request on its way from entity to entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockRequest {
    /// The instance that wants the lock.
    pub holder: LockHolder,
    /// The entities to lock after this one, in order.
    pub rest: Vec<EntityId>,
}

/// An entity as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityRow {
    /// Its key in the store: negative, unlike those of instances.
    pub key: InstanceKey,
    /// The lane's partition it belongs to.
    pub unit: Unit,
    /// Its name and key.
    pub id: EntityId,
    /// Its state; absent before the first operation that keeps one, and after its deletion.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub state: Option<Payload>,
    /// The version of the code that wrote the state.
    pub version: Option<String>,
    /// The holder of its lock.
    pub lock: Option<LockHolder>,
    /// The lock requests that were withdrawn while they waited here.
    pub withdrawn: Vec<LockHolder>,
    /// Whether a worker that takes the entity over must load it at once, because parked messages
    /// wait for their turn or for the end of a lock.
    pub load_at_start: bool,
    /// When the entity got its first message.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl EntityRow {
    /// Creates an entity without a state.
    pub fn new(key: InstanceKey, unit: Unit, id: EntityId, now: Timestamp) -> Self {
        Self {
            key,
            unit,
            id,
            state: None,
            version: None,
            lock: None,
            withdrawn: Vec::new(),
            load_at_start: false,
            created_at: now,
            changed_at: now,
        }
    }

    /// Returns the columns that a turn writes.
    pub fn update(&self) -> EntityUpdate {
        EntityUpdate {
            state: self.state.clone(),
            version: self.version.clone(),
            lock: self.lock.clone(),
            withdrawn: self.withdrawn.clone(),
            load_at_start: self.load_at_start,
            changed_at: self.changed_at,
        }
    }
}

/// The columns of an entity's row that a turn writes; all of them are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityUpdate {
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub state: Option<Payload>,
    /// The version of the code that wrote the state.
    pub version: Option<String>,
    /// The holder of its lock.
    pub lock: Option<LockHolder>,
    /// The lock requests that were withdrawn while they waited here.
    pub withdrawn: Vec<LockHolder>,
    /// Whether a worker that takes the entity over must load it at once.
    pub load_at_start: bool,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// The answer to a client that called an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The client's command.
    pub command: String,
    /// The result of the operation.
    pub result: CallResult,
}
