//! Entities: the messages to them, their stored rows, and the requests of clients.

use serde::Deserialize;
use serde::Serialize;

use super::Message;
use super::MessageBody;
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

/// A delayed signal that has not been delivered yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DelayedSignal {
    /// Its number in the store.
    pub id: MessageId,
    /// The operation to run.
    pub operation: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// The due time. It may wait longer, for the end of a lock.
    pub due: Timestamp,
    /// Who sent it.
    pub sender: Option<Sender>,
}

impl DelayedSignal {
    /// Returns the delayed signal of a message, if it is one.
    pub fn of(message: Message) -> Option<Self> {
        let MessageBody::EntityOperation(operation) = message.body else {
            return None;
        };
        Some(Self {
            id: message.id?,
            operation: operation.name,
            input: operation.input,
            sent_at: message.at,
            due: operation.due?,
            sender: operation.sender,
        })
    }

    /// Returns whether `meant` names this signal.
    pub fn is(&self, meant: &SignalRef) -> bool {
        match (meant, &self.sender) {
            (SignalRef::Id(id), _) => self.id == *id,
            (SignalRef::Command(command), Some(Sender::Client(sent))) => sent == command,
            (SignalRef::Command(_), _) => false,
        }
    }
}

/// A client's request to withdraw a delayed signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawRequest {
    /// The entity that it was sent to.
    pub entity: EntityId,
    /// The signal.
    pub signal: SignalRef,
    /// Makes repetitions count once.
    pub command: String,
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

/// A client's request for an operation, at the level of payloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityRequest {
    /// The entity.
    pub entity: EntityId,
    /// The operation.
    pub operation: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// Whether the client wants the answer.
    pub wants_answer: bool,
    /// How long to wait before the operation runs.
    pub delay: Option<std::time::Duration>,
    /// Makes repetitions count once.
    pub command: String,
    /// Whether the user chose the command, so that it is remembered for ever.
    pub is_deduplicated: bool,
}

/// The ticket with which a client waits for the answer of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityTicket {
    /// The entity, if the store must check that the key belongs to it: this is needed if the ticket
    /// comes from a sender that may read the answers of one entity only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// The entity's key in the store.
    pub key: InstanceKey,
    /// The command of the call.
    pub command: String,
}

/// A query for entities.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EntityFilter {
    /// Only entities of this name.
    pub name: Option<String>,
    /// Only those whose key begins with this.
    pub key_prefix: Option<String>,
    /// Only those whose state changed at this time or later.
    pub changed_from: Option<Timestamp>,
    /// Only those whose state changed before this time.
    pub changed_before: Option<Timestamp>,
    /// Whether to return states too.
    pub with_state: bool,
}

/// An entity in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityListing {
    /// The entity; without its state unless the query asked for states.
    pub row: EntityRow,
    /// Whether it has a state.
    pub has_state: bool,
    /// How many messages wait for it, including delayed ones.
    pub backlog: u64,
}

/// A page of entities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityPage {
    /// The entities, by name and key.
    pub entities: Vec<EntityListing>,
    /// The last entity of the page, after which the next page begins; absent after the last page.
    pub next: Option<EntityId>,
}
