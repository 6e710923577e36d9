//! An instance as Durable Functions prints it.

use serde::Serialize;

use super::history_entry::HistoryEntry;
use super::time::text_of;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::ids::InstanceId;
use crate::payload::Payload;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Output;

/// An instance, with its keys in the order in which Durable Functions has them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusObject {
    name: String,
    instance_id: InstanceId,
    runtime_status: &'static str,
    input: Option<Payload>,
    custom_status: Option<Payload>,
    output: Option<Payload>,
    created_time: String,
    last_updated_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    history_events: Option<Vec<HistoryEntry>>,
    /// Why it is stalled; Durable Functions has no such instances, so this key is there for them alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    stalled: Option<String>,
}

impl StatusObject {
    pub(super) fn new(row: InstanceRow, show_input: bool) -> Self {
        Self {
            name: row.name,
            instance_id: row.id,
            runtime_status: name_of(row.status),
            input: row.input.filter(|_| show_input),
            custom_status: row.custom_status,
            output: row.output.as_ref().and_then(output),
            created_time: text_of(row.created_at),
            last_updated_time: text_of(row.updated_at),
            history_events: None,
            stalled: row
                .stalled
                .filter(|_| row.status == InstanceStatus::Stalled),
        }
    }

    pub(super) fn with_history(mut self, history: Vec<HistoryEntry>) -> Self {
        self.history_events = Some(history);
        self
    }
}

/// What an instance ended with: its value, or in words why there is none.
pub(super) fn output(output: &Output) -> Option<Payload> {
    match output {
        Output::Completed(value) => Some(value.clone()),
        Output::Failed(error) => words(&in_words(error)),
        Output::Terminated(reason) => words(reason),
        Output::Canceled(error) => error.as_ref().and_then(|error| words(&in_words(error))),
    }
}

/// Text as a JSON value.
pub(super) fn words(text: &str) -> Option<Payload> {
    // Text always has a JSON form.
    Payload::encode(text).ok()
}

/// An error with its causes.
pub(super) fn in_words(error: &CallError) -> String {
    let causes = match error {
        CallError::Error(error) => error.causes.as_slice(),
        CallError::Failure(Failure::Caused { causes, .. }) => causes,
        CallError::Failure(_) => &[],
    };
    let message = error.message();
    causes.iter().fold(message, |said, cause| {
        // An error that is transparent, or repeats its cause, has said it already.
        if said.ends_with(cause.as_str()) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}

/// The name of a status. One that is stalled goes on when a worker that can run it comes: to Durable
/// Functions' tools it is running.
pub(super) fn name_of(status: InstanceStatus) -> &'static str {
    match status {
        InstanceStatus::Pending => "Pending",
        InstanceStatus::Running | InstanceStatus::Stalled => "Running",
        InstanceStatus::Suspended => "Suspended",
        InstanceStatus::Completed => "Completed",
        InstanceStatus::Failed => "Failed",
        InstanceStatus::Terminated => "Terminated",
        InstanceStatus::Canceled => "Canceled",
    }
}

/// The statuses with a name; `None` when no status has it. None has `ContinuedAsNew`: an instance
/// that continues as new is running.
pub(super) fn statuses_named(name: &str) -> Option<Vec<InstanceStatus>> {
    if name.eq_ignore_ascii_case("ContinuedAsNew") {
        return Some(Vec::new());
    }
    if name.eq_ignore_ascii_case("Stalled") {
        return Some(vec![InstanceStatus::Stalled]);
    }
    let named = InstanceStatus::ALL
        .into_iter()
        .filter(|status| name_of(*status).eq_ignore_ascii_case(name));
    let named: Vec<_> = named.collect();
    (!named.is_empty()).then_some(named)
}
