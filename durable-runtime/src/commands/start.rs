//! Starting instances.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::payload::Payload;
use crate::payload::optional;
use crate::work::FirstEvent;
use crate::work::InstanceStatus;

/// A start, at the level of payloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRequest {
    /// The id; a fresh one if absent.
    pub id: Option<InstanceId>,
    /// The orchestrator's name.
    pub name: String,
    /// The orchestrator's version; the newest that is registered if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The input; absent when none was given.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// When to begin.
    pub start_at: Option<StartAt>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// What to do when the id is taken.
    pub if_exists: IfExists,
    /// Trace context and the like.
    pub headers: BTreeMap<String, String>,
    /// An event to raise with the start: to the instance that is started, or to an existing one
    /// that is used.
    pub event: Option<FirstEvent>,
    /// Makes repetitions count once.
    pub command: String,
}

/// When a scheduled start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartAt {
    /// At this time.
    At(Timestamp),
    /// This long after the store has received it.
    After(Duration),
}

/// The result of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The id of the instance.
    pub id: InstanceId,
    /// Whether it existed before ([`IfExists::Use`]).
    pub existed: bool,
}

/// What to do if the id already belongs to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IfExists {
    /// Refuse and write nothing.
    #[default]
    Fail,
    /// Use the existing instance, ended or not.
    Use,
    /// Replace the existing instance if its status is one of these, and refuse otherwise. A live
    /// instance is terminated first.
    Replace(Vec<InstanceStatus>),
}
