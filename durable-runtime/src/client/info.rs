//! An instance of any type, as it was read.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Output;

/// An instance as it was when it was read. Payloads are in their recorded form;
/// [`Status`](super::Status) has them typed.
///
/// ```
/// # use durable_runtime::client::InstanceInfo;
/// fn line(instance: &InstanceInfo) -> String {
///     format!("{} {} {}", instance.id(), instance.name(), instance.status())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceInfo {
    row: InstanceRow,
}

impl InstanceInfo {
    pub(super) fn new(row: InstanceRow) -> Self {
        Self { row }
    }

    /// Returns the instance's id.
    pub fn id(&self) -> &InstanceId {
        &self.row.id
    }

    /// Returns the orchestrator's name.
    pub fn name(&self) -> &str {
        &self.row.name
    }

    /// Returns the orchestrator's version. An instance stays on the version it was started with.
    pub fn version(&self) -> &str {
        &self.row.version
    }

    /// Returns the instance's status.
    pub fn status(&self) -> InstanceStatus {
        self.row.status
    }

    /// Returns the number of the current execution: one more after each continue-as-new or
    /// replacement.
    pub fn execution(&self) -> Execution {
        self.row.execution
    }

    /// Returns the instance that called this one as a sub-orchestration.
    pub fn parent(&self) -> Option<&InstanceId> {
        self.row.parent.as_ref().map(|parent| &parent.instance)
    }

    /// Returns the instance's tags.
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.row.tags
    }

    /// Returns when the instance was created or last replaced.
    pub fn created_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// Returns when anything shown here last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.row.updated_at
    }

    /// Returns when the instance begins, if its start was scheduled.
    pub fn start_at(&self) -> Option<Timestamp> {
        self.row.start_at
    }

    /// Returns why the instance has stalled, as a text for people.
    pub fn stalled(&self) -> Option<&str> {
        self.row.stalled.as_deref()
    }

    /// Returns the recorded input of the current execution; `None` if it has none.
    pub fn input(&self) -> Option<&Payload> {
        self.row.input.as_ref()
    }

    /// Returns the input of the current execution: the argument itself if there is one, a tuple if
    /// there are several, `None` if there are none.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded input does not decode as a `T`.
    pub fn input_as<T: DeserializeOwned>(&self) -> Result<Option<T>, CodecError> {
        self.input().map(Payload::decode).transpose()
    }

    /// Returns how the instance ended, in recorded form.
    pub fn recorded_output(&self) -> Option<&Output> {
        self.row.output.as_ref()
    }

    /// Returns the custom status in recorded form; `None` if none was set.
    pub fn recorded_custom_status(&self) -> Option<&Payload> {
        self.row.custom_status.as_ref()
    }
}
