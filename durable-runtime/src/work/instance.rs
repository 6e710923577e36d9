//! The stored row of an instance.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::InstanceUpdate;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::history::ParentLink;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::Unit;
use crate::payload::Payload;
use crate::payload::optional;
use crate::salt::Salt;

/// The status of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum InstanceStatus {
    /// Created; its first turn has not been recorded.
    Pending,
    /// Its first turn has been recorded.
    Running,
    /// It was suspended: it keeps everything that comes in until it is resumed.
    Suspended,
    /// It cannot continue with today's code; it waits for a worker that can run it.
    Stalled,
    /// It returned a value.
    Completed,
    /// It returned an error or panicked.
    Failed,
    /// It was terminated.
    Terminated,
    /// It was cancelled, and returned an error.
    Canceled,
}

impl InstanceStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Running,
        Self::Suspended,
        Self::Stalled,
        Self::Completed,
        Self::Failed,
        Self::Terminated,
        Self::Canceled,
    ];

    /// The statuses of an instance that has ended.
    pub const TERMINAL: [Self; 4] = [
        Self::Completed,
        Self::Failed,
        Self::Terminated,
        Self::Canceled,
    ];

    /// Returns whether the instance has ended.
    pub fn is_terminal(self) -> bool {
        Self::TERMINAL.contains(&self)
    }
}

impl fmt::Display for InstanceStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// How an instance ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Output {
    /// It returned this value.
    Completed(Payload),
    /// It failed with this error.
    Failed(CallError),
    /// It was terminated for this reason.
    Terminated(String),
    /// It was cancelled and then returned this error; none if it had not begun.
    Canceled(Option<CallError>),
}

impl Output {
    fn size(&self) -> usize {
        match self {
            Self::Completed(value) => value.len(),
            Self::Failed(error) | Self::Canceled(Some(error)) => error.size(),
            Self::Terminated(reason) => reason.len(),
            Self::Canceled(None) => 0,
        }
    }
}

/// An instance to be created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewInstance {
    /// Its id.
    pub id: InstanceId,
    /// Its secret, drawn for it.
    pub salt: Salt,
    /// The orchestrator's name.
    pub name: String,
    /// The orchestrator's version.
    pub version: String,
    /// The input; absent if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The caller that waits for the result.
    pub parent: Option<ParentLink>,
    /// When to begin; at once if absent or past.
    pub start_at: Option<Timestamp>,
    /// The command that creates it, so that the store recognises a repetition.
    pub command: String,
    /// Trace context and the like, passed on to children and activities.
    pub headers: BTreeMap<String, String>,
    /// An external event that is in its inbox from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<FirstEvent>,
}

/// An event that is raised with the start of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstEvent {
    /// Its name.
    pub name: String,
    /// Its value.
    pub payload: Payload,
}

impl NewInstance {
    /// Returns its lane.
    pub fn lane(&self) -> Lane {
        Lane::orchestrator(&self.name, &self.version)
    }
}

/// The stored row of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Its key in the store.
    pub key: InstanceKey,
    /// The lane's partition it belongs to.
    pub unit: Unit,
    /// Its id.
    pub id: InstanceId,
    /// Its secret. A replacement gets another one.
    pub salt: Salt,
    /// The orchestrator's name.
    pub name: String,
    /// The orchestrator's version.
    pub version: String,
    /// The instance's status.
    pub status: InstanceStatus,
    /// The current execution.
    pub execution: Execution,
    /// The input of the current execution.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// How it ended.
    pub output: Option<Output>,
    /// The custom status.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub custom_status: Option<Payload>,
    /// Why it is stalled: a report for people.
    pub stalled: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// The caller that waits for the result.
    pub parent: Option<ParentLink>,
    /// When to begin, if it was scheduled.
    pub start_at: Option<Timestamp>,
    /// When it was created (or last replaced).
    pub created_at: Timestamp,
    /// When this row last changed. A turn that changes none of these columns does not count.
    pub updated_at: Timestamp,
    /// Whether a worker that takes the instance over must load it at once, because activities are
    /// open or the instance is stalled.
    pub load_at_start: bool,
    /// Whether the row shows a request (that the instance is suspended, resumed or begins anew)
    /// that its owner has yet to do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_asked: bool,
    /// The turn of the current execution with the last checkpoint: the first turn to load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<u64>,
    /// The command that created it.
    pub command: String,
    /// Trace context and the like.
    pub headers: BTreeMap<String, String>,
}

impl InstanceRow {
    /// Returns its lane.
    pub fn lane(&self) -> Lane {
        Lane::orchestrator(&self.name, &self.version)
    }

    /// Returns roughly how many bytes its values take.
    pub fn size(&self) -> usize {
        let payloads = [&self.input, &self.custom_status].into_iter().flatten();
        let output = self.output.as_ref().map_or(0, Output::size);
        let maps = [&self.tags, &self.headers].into_iter().flatten();
        let maps = maps.map(|(key, value)| key.len() + value.len());
        let texts = [&self.name, &self.version, &self.command].map(String::len);
        payloads.map(Payload::len).sum::<usize>()
            + output
            + maps.sum::<usize>()
            + texts.iter().sum::<usize>()
            + self.id.as_str().len()
            + self.stalled.as_ref().map_or(0, String::len)
    }

    /// Changes the row as the turn says that is committed at `now`.
    pub fn apply(&mut self, update: &InstanceUpdate, now: Timestamp) {
        self.status = update.status;
        self.execution = update.execution;
        if let Some(input) = &update.input {
            self.input.clone_from(input);
        }
        self.output.clone_from(&update.output);
        self.custom_status.clone_from(&update.custom_status);
        self.stalled.clone_from(&update.stalled);
        self.load_at_start = update.load_at_start;
        self.checkpoint = update.checkpoint;
        self.updated_at = now;
    }
}
