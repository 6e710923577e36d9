//! An instance as Durable Functions prints it.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Schema;

use super::describe;
use super::history_entry::HistoryEntry;
use super::running_activity::RunningActivity;
use super::time::text_of;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::ids::InstanceId;
use crate::payload::Payload;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Output;

/// An instance, with its keys in the order in which Durable Functions has them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusObject {
    /// The name of its orchestrator.
    name: String,
    #[schema(value_type = String)]
    instance_id: InstanceId,
    #[schema(schema_with = status_names)]
    runtime_status: &'static str,
    /// Its input; `null` if it has none, or if the request does not ask for it.
    #[schema(value_type = Value)]
    input: Option<Payload>,
    /// Its custom status.
    #[schema(value_type = Value)]
    custom_status: Option<Payload>,
    /// Its return value, or a text that says why there is none; `null` while it lives.
    #[schema(value_type = Value)]
    output: Option<Payload>,
    #[schema(format = DateTime)]
    created_time: String,
    #[schema(format = DateTime)]
    last_updated_time: String,
    /// Its history, if `showHistory` asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<HistoryEntry>, required = false)]
    history_events: Option<Vec<HistoryEntry>>,
    /// The activities that it waits for, oldest first, if `showActivities` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<RunningActivity>, required = false)]
    activities: Option<Vec<RunningActivity>>,
    /// The number of its unread events, if it has any; `showHistory` shows them. Lists do not have this
    /// key.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false, minimum = 1)]
    unread_events: u64,
    /// Why it is stalled. Only stalled instances have this key; Durable Functions has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    stalled: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The names of statuses, as a schema.
fn status_names() -> Schema {
    let mut names = InstanceStatus::ALL.map(name_of).to_vec();
    names.sort_unstable();
    names.dedup();
    describe::one_of_texts(&names).into()
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
            activities: None,
            unread_events: 0,
            stalled: row
                .stalled
                .filter(|_| row.status == InstanceStatus::Stalled),
        }
    }

    pub(super) fn with_unread(mut self, events: u64) -> Self {
        self.unread_events = events;
        self
    }

    pub(super) fn with_history(mut self, history: Vec<HistoryEntry>) -> Self {
        self.history_events = Some(history);
        self
    }

    pub(super) fn with_activities(mut self, activities: Vec<RunningActivity>) -> Self {
        self.activities = Some(activities);
        self
    }
}

/// The output of an instance that has ended: its value, or a text that says why there is none.
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
        CallError::Failure(
            Failure::Caused { causes, .. } | Failure::ErrorNotRecorded { causes, .. },
        ) => causes,
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

/// The name of a status. For tools of Durable Functions, a stalled instance is running, because it
/// continues when a worker that can run it starts.
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

/// The statuses with this name; `None` if no status has it. No status has the name `ContinuedAsNew`:
/// an instance that continues as new is running.
pub(super) fn statuses_named(name: &str) -> Option<Vec<InstanceStatus>> {
    // A status of Durable Functions that nothing here ever has: it is known, and finds nothing.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::failure::RecordedError;
    use crate::ids::Execution;
    use crate::ids::InstanceKey;
    use crate::ids::Unit;

    fn stalled() -> InstanceRow {
        InstanceRow {
            key: InstanceKey(1),
            unit: Unit(1),
            id: InstanceId::new("o-1").unwrap(),
            salt: crate::salt::Salt::default(),
            name: "order".to_owned(),
            version: "1".to_owned(),
            status: InstanceStatus::Stalled,
            execution: Execution::FIRST,
            input: None,
            output: None,
            custom_status: None,
            stalled: Some("no worker has `pick`".to_owned()),
            tags: std::collections::BTreeMap::new(),
            parent: None,
            start_at: None,
            created_at: Timestamp::from_millis(0),
            updated_at: Timestamp::from_millis(0),
            load_at_start: true,
            is_asked: false,
            checkpoint: None,
            command: String::new(),
            headers: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_stalled_runs_and_says_why_it_does_not_at_the_end() {
        let object = serde_json::to_string(&StatusObject::new(stalled(), true)).unwrap();
        let expected = r#"{"name":"order","instanceId":"o-1","runtimeStatus":"Running","input":null,"customStatus":null,"output":null,"createdTime":"1970-01-01T00:00:00Z","lastUpdatedTime":"1970-01-01T00:00:00Z","stalled":"no worker has `pick`"}"#;
        assert_eq!(object, expected);
    }

    #[test]
    fn every_status_is_found_by_the_name_that_it_shows() {
        for status in InstanceStatus::ALL {
            let named = statuses_named(&name_of(status).to_uppercase()).unwrap();
            assert!(named.contains(&status), "{status}");
        }
        assert_eq!(statuses_named("ContinuedAsNew"), Some(vec![]));
        assert_eq!(
            statuses_named("stalled"),
            Some(vec![InstanceStatus::Stalled])
        );
        assert_eq!(statuses_named("Sleeping"), None);
    }

    #[test]
    fn an_error_is_told_with_its_causes_and_none_of_them_twice() {
        let error = |message: &str, causes: &[&str]| {
            CallError::Error(RecordedError {
                value: Payload::encode("").unwrap(),
                message: message.to_owned(),
                causes: causes.iter().map(|cause| (*cause).to_owned()).collect(),
            })
        };
        assert_eq!(in_words(&error("no discs", &[])), "no discs");
        let causes = ["the shelf is empty", "nobody has filled it"];
        let expected = "no discs: the shelf is empty: nobody has filled it";
        assert_eq!(in_words(&error("no discs", &causes)), expected);
        let told = error("no discs: the shelf is empty", &causes);
        assert_eq!(in_words(&told), expected);
    }
}
