//! The data that a client over HTTP and its server exchange.
//!
//! Each of the [`Commands`](crate::commands::Commands) has a path. Its target is in the query, where the
//! guard sees it before the body is read; the rest is JSON, made from the types that the commands
//! themselves take. The paths contain a number that changes when one side could no longer read the
//! other.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::commands::Control;
use crate::commands::EntityFilter;
use crate::commands::EntityTicket;
use crate::commands::InstanceFilter;
use crate::commands::PageToken;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;

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
