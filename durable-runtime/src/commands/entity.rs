//! Calls and queries of entities, and the signals that wait for them.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::payload::Payload;
use crate::payload::optional;
use crate::work::EntityRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::Sender;
use crate::work::SignalRef;

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
    pub delay: Option<Duration>,
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
