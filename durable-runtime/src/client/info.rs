//! What is known of any instance, whatever its types.

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

/// An instance as it was when it was read. Payloads are as recorded; [`Status`](super::Status)
/// has them typed.
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

    /// Returns its id.
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

    /// Returns where it stands.
    pub fn status(&self) -> InstanceStatus {
        self.row.status
    }

    /// Returns which execution it is in: one more after each continue-as-new or replacement.
    pub fn execution(&self) -> Execution {
        self.row.execution
    }

    /// Returns who started it as a sub-orchestration.
    pub fn parent(&self) -> Option<&InstanceId> {
        self.row.parent.as_ref().map(|parent| &parent.instance)
    }

    /// Returns its tags.
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.row.tags
    }

    /// Returns when it was created or last replaced.
    pub fn created_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// Returns when anything shown here last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.row.updated_at
    }

    /// Returns when it is to begin, if its start was scheduled.
    pub fn start_at(&self) -> Option<Timestamp> {
        self.row.start_at
    }

    /// Returns why it cannot go on with the code that runs now: a report for people.
    pub fn stalled(&self) -> Option<&str> {
        self.row.stalled.as_deref()
    }

    /// Returns the input of the current execution as recorded; absent when none was given.
    pub fn input(&self) -> Option<&Payload> {
        self.row.input.as_ref()
    }

    /// Returns the input of the current execution: the argument itself where there is one, a tuple
    /// where there are several, absent where there is none.
    ///
    /// # Errors
    /// [`CodecError`] when what is recorded is not a `T`.
    pub fn input_as<T: DeserializeOwned>(&self) -> Result<Option<T>, CodecError> {
        self.input().map(Payload::decode).transpose()
    }

    /// Returns how it ended, as recorded.
    pub fn recorded_output(&self) -> Option<&Output> {
        self.row.output.as_ref()
    }

    /// Returns the custom status as recorded; absent while none was set.
    pub fn recorded_custom_status(&self) -> Option<&Payload> {
        self.row.custom_status.as_ref()
    }
}
