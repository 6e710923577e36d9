//! The saved state of an orchestrator at the head of a loop.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::ExternalEvent;
use crate::clock::Timestamp;
use crate::definition::SourcePlace;
use crate::payload::Payload;
use crate::payload::optional;
use crate::salt::Salt;

/// Everything that an execution needs to continue at the head of a loop without its earlier
/// history. Nothing durable is open there, so it contains no calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The loop, by its number in the body, from 0.
    pub head: u32,
    /// How many loop heads the code passed since the last event came in.
    pub pass: u64,
    /// The carried bindings, by name.
    pub values: BTreeMap<String, Payload>,
    /// The secret of the instance.
    pub salt: Salt,
    /// The number of the body's next call.
    pub calls: u32,
    /// How many random numbers the code has taken.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub randoms: u64,
    /// The time of the orchestration.
    pub now: Timestamp,
    /// The custom status.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub custom_status: Option<Payload>,
    /// When the instance will be terminated, if it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_deadline: Option<Timestamp>,
    /// For each change that the code passed to `patched`, whether it applies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patches: BTreeMap<String, bool>,
    /// The unread events, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<ExternalEvent>,
    /// The place of the loop in the source.
    pub site: SourcePlace,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
