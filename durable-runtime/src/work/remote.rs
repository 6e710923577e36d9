//! The data that a client over HTTP and its server exchange.
//!
//! Each of the [`Commands`](super::Commands) has a path. Its target is in the query, where the
//! guard sees it before the body is read; the rest is JSON, made from the types that the commands
//! themselves take. The paths contain a number that changes when one side could no longer read the
//! other.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use super::CommandError;
use super::Control;
use super::EntityFilter;
use super::EntityTicket;
use super::InstanceFilter;
use super::InstanceRow;
use super::InstanceStatus;
use super::NotRegistered;
use super::PageToken;
use super::UndeclaredEvent;
use super::UndecodableEvent;
use super::UndecodableInput;
use crate::clock::Timestamp;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::InvalidEntityKey;
use crate::payload::Payload;

/// The path of each command, below where the API is.
pub(crate) mod path {
    pub(crate) const START: &str = "/commands/1/start";
    pub(crate) const LANES: &str = "/commands/1/lanes";
    pub(crate) const RAISE: &str = "/commands/1/raise";
    pub(crate) const TERMINATE: &str = "/commands/1/terminate";
    pub(crate) const CANCEL: &str = "/commands/1/cancel";
    pub(crate) const SUSPEND: &str = "/commands/1/suspend";
    pub(crate) const RESUME: &str = "/commands/1/resume";
    pub(crate) const RESTART: &str = "/commands/1/restart";
    pub(crate) const PURGE: &str = "/commands/1/purge";
    pub(crate) const PURGE_MANY: &str = "/commands/1/purge_many";
    pub(crate) const INSTANCE: &str = "/commands/1/instance";
    pub(crate) const CHANGED: &str = "/commands/1/changed";
    pub(crate) const HISTORY: &str = "/commands/1/history";
    pub(crate) const OPEN_HISTORY: &str = "/commands/1/open_history";
    pub(crate) const UNREAD_EVENTS: &str = "/commands/1/unread_events";
    pub(crate) const UNREAD_COUNT: &str = "/commands/1/unread_count";
    pub(crate) const HEARTBEATS: &str = "/commands/1/heartbeats";
    pub(crate) const INSTANCES: &str = "/commands/1/instances";
    pub(crate) const COUNT: &str = "/commands/1/count";
    pub(crate) const ENTITY_SEND: &str = "/commands/1/entity_send";
    pub(crate) const ENTITY_DELETE: &str = "/commands/1/entity_delete";
    pub(crate) const ENTITY_ANSWER: &str = "/commands/1/entity_answer";
    pub(crate) const DELAYED_SIGNALS: &str = "/commands/1/delayed_signals";
    pub(crate) const SIGNAL_WITHDRAW: &str = "/commands/1/signal_withdraw";
    pub(crate) const ENTITY: &str = "/commands/1/entity";
    pub(crate) const ENTITIES: &str = "/commands/1/entities";
}

/// The path of what an instance is told.
pub(crate) fn path_of(control: &Control) -> &'static str {
    match control {
        Control::Terminate { .. } => path::TERMINATE,
        Control::Cancel { .. } => path::CANCEL,
        Control::Suspend => path::SUSPEND,
        Control::Resume => path::RESUME,
    }
}

/// An event that is raised.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Raised {
    pub(crate) name: String,
    pub(crate) payload: Payload,
    pub(crate) command: String,
    /// Whether it is refused if the instance's orchestrator does not declare it.
    #[serde(default)]
    pub(crate) declared: bool,
}

/// What an instance is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) control: Control,
    pub(crate) command: String,
}

/// A restart, under another id if there is one.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Restarted {
    pub(crate) other: Option<InstanceId>,
    pub(crate) command: String,
}

/// What is purged; of one instance, whatever the filter says of ids.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PurgeOf {
    pub(crate) filter: InstanceFilter,
    pub(crate) children: bool,
    pub(crate) after: Option<PageToken>,
}

/// A wait for a change.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangeOf {
    pub(crate) seen: Seen,
    pub(crate) wait: Duration,
}

/// Which history.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HistoryOf {
    pub(crate) execution: Option<Execution>,
}

/// Which page of instances.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PageOf {
    pub(crate) filter: InstanceFilter,
    pub(crate) after: Option<PageToken>,
    pub(crate) limit: u32,
}

/// A wait for the answer of an entity.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AnswerTo {
    pub(crate) ticket: EntityTicket,
    pub(crate) wait: Duration,
}

/// Which page of entities.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntitiesOf {
    pub(crate) filter: EntityFilter,
    pub(crate) after: Option<EntityId>,
    pub(crate) limit: u32,
}

/// What tells one state of an instance's row from another. Both sides make it, of what a client can
/// see; so a column that one of them does not know cannot make every state look new.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    key: InstanceKey,
    execution: Execution,
    status: InstanceStatus,
    ended: bool,
    updated_at: Timestamp,
    custom_status: Option<u64>,
    command: String,
    #[serde(default)]
    is_asked: bool,
}

impl Seen {
    pub(crate) fn of(row: &InstanceRow) -> Self {
        Self {
            key: row.key,
            execution: row.execution,
            status: row.status,
            ended: row.output.is_some(),
            updated_at: row.updated_at,
            custom_status: row.custom_status.as_ref().map(Payload::hash64),
            command: row.command.clone(),
            is_asked: row.is_asked,
        }
    }
}

/// Why a command was not done, as a member `error` of the problem that is the answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    AlreadyExists {
        id: InstanceId,
        status: InstanceStatus,
    },
    NotFound {
        id: InstanceId,
    },
    AlreadyFinished {
        id: InstanceId,
        status: InstanceStatus,
    },
    Backlogged {
        id: InstanceId,
        limit: usize,
    },
    NotRegistered(NotRegistered),
    UndecodableInput(UndecodableInput),
    UndeclaredEvent(UndeclaredEvent),
    UndecodableEvent(UndecodableEvent),
    InvalidEntityKey(InvalidEntityKey),
    StillRunning {
        id: InstanceId,
        status: InstanceStatus,
    },
    PayloadTooLarge {
        what: String,
        actual: usize,
        limit: usize,
    },
    LimitExceeded {
        what: String,
        actual: usize,
        limit: usize,
    },
    AlreadyDelivered {
        entity: EntityId,
    },
    NotCalled {
        entity: EntityId,
    },
    /// The store cannot do it now. Why only the server's log says.
    Unavailable {
        action: String,
    },
    /// Why it could not be done only the server's log says.
    Store {
        action: String,
    },
}

impl Refusal {
    /// What is told of an error; nothing of those that are between this server and another.
    #[cfg(feature = "http")]
    pub(crate) fn of(error: &CommandError) -> Option<Self> {
        Some(match error {
            CommandError::AlreadyExists { id, status } => Self::AlreadyExists {
                id: id.clone(),
                status: *status,
            },
            CommandError::NotFound { id } => Self::NotFound { id: id.clone() },
            CommandError::AlreadyFinished { id, status } => Self::AlreadyFinished {
                id: id.clone(),
                status: *status,
            },
            CommandError::Backlogged { id, limit } => Self::Backlogged {
                id: id.clone(),
                limit: *limit,
            },
            CommandError::NotRegistered(start) => Self::NotRegistered(start.clone()),
            CommandError::UndecodableInput(start) => Self::UndecodableInput(start.clone()),
            CommandError::UndeclaredEvent(event) => Self::UndeclaredEvent(event.clone()),
            CommandError::UndecodableEvent(event) => Self::UndecodableEvent(event.clone()),
            CommandError::InvalidEntityKey(invalid) => Self::InvalidEntityKey(invalid.clone()),
            CommandError::StillRunning { id, status } => Self::StillRunning {
                id: id.clone(),
                status: *status,
            },
            CommandError::PayloadTooLarge {
                what,
                actual,
                limit,
            } => Self::PayloadTooLarge {
                what: what.clone().into_owned(),
                actual: *actual,
                limit: *limit,
            },
            CommandError::LimitExceeded {
                what,
                actual,
                limit,
            } => Self::LimitExceeded {
                what: what.clone().into_owned(),
                actual: *actual,
                limit: *limit,
            },
            CommandError::AlreadyDelivered { entity } => Self::AlreadyDelivered {
                entity: entity.clone(),
            },
            CommandError::NotCalled { entity } => Self::NotCalled {
                entity: entity.clone(),
            },
            CommandError::Unavailable { action, .. } | CommandError::Closed { action } => {
                Self::Unavailable {
                    action: action.clone().into_owned(),
                }
            }
            CommandError::Store { action, .. } => Self::Store {
                action: action.clone().into_owned(),
            },
            _ => return None,
        })
    }

    /// The error again. `told` is what the answer says besides.
    #[cfg(feature = "http-client")]
    pub(crate) fn into_error(self, told: String) -> CommandError {
        match self {
            Self::AlreadyExists { id, status } => CommandError::AlreadyExists { id, status },
            Self::NotFound { id } => CommandError::NotFound { id },
            Self::AlreadyFinished { id, status } => CommandError::AlreadyFinished { id, status },
            Self::Backlogged { id, limit } => CommandError::Backlogged { id, limit },
            Self::NotRegistered(start) => start.into(),
            Self::UndecodableInput(start) => start.into(),
            Self::UndeclaredEvent(event) => event.into(),
            Self::UndecodableEvent(event) => event.into(),
            Self::InvalidEntityKey(invalid) => invalid.into(),
            Self::StillRunning { id, status } => CommandError::StillRunning { id, status },
            Self::PayloadTooLarge {
                what,
                actual,
                limit,
            } => CommandError::PayloadTooLarge {
                what: what.into(),
                actual,
                limit,
            },
            Self::LimitExceeded {
                what,
                actual,
                limit,
            } => CommandError::LimitExceeded {
                what: what.into(),
                actual,
                limit,
            },
            Self::AlreadyDelivered { entity } => CommandError::AlreadyDelivered { entity },
            Self::NotCalled { entity } => CommandError::NotCalled { entity },
            Self::Unavailable { action } => CommandError::Unavailable {
                action: action.into(),
                source: told.into(),
            },
            Self::Store { action } => CommandError::Store {
                action: action.into(),
                source: told.into(),
            },
        }
    }
}
