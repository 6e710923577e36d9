//! Entities: what is sent to them, what the store keeps of them, what a client can ask.

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

/// An operation that an entity is to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityOperation {
    /// The operation's name.
    pub name: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// Who waits for the answer; nobody does for a signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Caller>,
    /// The lock in whose critical section it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockHolder>,
    /// Not to be run before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Who sent it, where it is a delayed signal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
}

/// Who sent a delayed signal.
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

/// A delayed signal that is on its way to an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DelayedSignal {
    /// Its number in the store.
    pub id: MessageId,
    /// The operation that is to be run.
    pub operation: String,
    /// Its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it is due. It may wait for longer, for the end of a lock.
    pub due: Timestamp,
    /// Who sent it.
    pub sender: Option<Sender>,
}

impl DelayedSignal {
    /// Returns the signal that a message brings, if it brings a delayed one.
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

    /// Returns whether it is the one that is meant.
    pub fn is(&self, meant: &SignalRef) -> bool {
        match (meant, &self.sender) {
            (SignalRef::Id(id), _) => self.id == *id,
            (SignalRef::Command(command), Some(Sender::Client(sent))) => sent == command,
            (SignalRef::Command(_), _) => false,
        }
    }
}

/// A delayed signal that a client wants back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawRequest {
    /// The entity that it was sent to.
    pub entity: EntityId,
    /// Which one is meant.
    pub signal: SignalRef,
    /// Makes repetitions count once.
    pub command: String,
}

/// Which delayed signal of an entity is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignalRef {
    /// The one with this number.
    Id(MessageId),
    /// The one that a client sent with this command.
    Command(String),
}

/// Who waits for the answer of an operation.
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
    /// A client, which finds the answer under its command.
    Client {
        /// The command.
        command: String,
    },
}

/// Who holds a lock, or wants it: the call of an orchestration.
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

/// A request for a lock, on its way from entity to entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockRequest {
    /// Who wants the lock.
    pub holder: LockHolder,
    /// The entities to lock after this one, in order.
    pub rest: Vec<EntityId>,
}

/// An entity as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityRow {
    /// Its key in the store: negative, as no instance's is.
    pub key: InstanceKey,
    /// The lane's partition it belongs to.
    pub unit: Unit,
    /// Its name and key.
    pub id: EntityId,
    /// Its state; absent before the first operation that keeps one, and once it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub state: Option<Payload>,
    /// The version of the code that wrote the state.
    pub version: Option<String>,
    /// Who has locked it.
    pub lock: Option<LockHolder>,
    /// Requests for a lock that were withdrawn while they waited here.
    pub withdrawn: Vec<LockHolder>,
    /// Whether a worker that takes it over must load it at once: parked messages wait for their
    /// turn, or for the end of a lock.
    pub load_at_start: bool,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

impl EntityRow {
    /// Creates an entity that was never heard of before.
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

    /// Returns the columns that turns change.
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

/// The columns of an entity's row that turns change; all of them are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityUpdate {
    /// Its state.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub state: Option<Payload>,
    /// The version of the code that wrote the state.
    pub version: Option<String>,
    /// Who has locked it.
    pub lock: Option<LockHolder>,
    /// Requests for a lock that were withdrawn while they waited here.
    pub withdrawn: Vec<LockHolder>,
    /// Whether a worker that takes it over must load it at once.
    pub load_at_start: bool,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// The answer to a client that called an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The client's command.
    pub command: String,
    /// What the operation came to.
    pub result: CallResult,
}

/// An operation that a client asks for, at the level of payloads.
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
    /// How long to wait before it is run.
    pub delay: Option<std::time::Duration>,
    /// Makes repetitions count once.
    pub command: String,
    /// Whether the command is the user's own, and so remembered for good.
    pub is_deduplicated: bool,
}

/// What a client that called an entity waits with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityTicket {
    /// The entity, if the key is to be checked to be that of this one: where a ticket comes from
    /// somebody who may ask for the answers of one entity only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<EntityId>,
    /// The entity's key in the store.
    pub key: InstanceKey,
    /// The command of the call.
    pub command: String,
}

/// Which entities to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EntityFilter {
    /// Only entities of this name.
    pub name: Option<String>,
    /// Only those whose key begins so.
    pub key_prefix: Option<String>,
    /// Only those whose state changed then or later.
    pub changed_from: Option<Timestamp>,
    /// Only those whose state changed before then.
    pub changed_before: Option<Timestamp>,
    /// Whether states are wanted too.
    pub with_state: bool,
}

/// An entity in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityListing {
    /// The entity; without its state, unless that was asked for.
    pub row: EntityRow,
    /// Whether it has a state.
    pub has_state: bool,
    /// How many messages wait for it, delayed ones included.
    pub backlog: u64,
}

/// A page of entities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntityPage {
    /// The entities, by name and key.
    pub entities: Vec<EntityListing>,
    /// The last one of the page, after which the next begins; absent after the last page.
    pub next: Option<EntityId>,
}
