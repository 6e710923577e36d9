//! How far an activity has come that an instance waits for. Durable Functions does not tell.

use serde::Serialize;
use utoipa::ToSchema;

use super::time::text_of;
use crate::client::Waiting;
use crate::payload::Payload;

/// An activity that has not returned. Keys that do not apply are left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunningActivity {
    name: String,
    /// When it was called.
    #[schema(format = DateTime)]
    scheduled_time: String,
    /// The number of the attempt that runs, or of the next one.
    #[schema(minimum = 1)]
    attempt: u32,
    /// Why the attempt before it failed or was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    last_error: Option<String>,
    /// When that attempt begins, if none runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    next_attempt_time: Option<String>,
    /// The progress that its heartbeats reported last; it may be a few seconds old.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value, required = false)]
    progress: Option<Payload>,
}

impl RunningActivity {
    /// The activities among the calls that an instance waits for.
    pub(super) fn among(calls: Vec<Waiting>) -> Vec<Self> {
        calls.into_iter().filter_map(Self::of).collect()
    }

    fn of(call: Waiting) -> Option<Self> {
        let attempts = call.attempts?;
        Some(Self {
            name: call.name,
            scheduled_time: text_of(call.since),
            attempt: attempts.attempt,
            last_error: attempts.last_error,
            next_attempt_time: attempts.next_attempt_at.map(text_of),
            progress: attempts.progress,
        })
    }
}
