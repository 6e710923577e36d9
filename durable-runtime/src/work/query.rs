//! Which instances are listed, counted and purged, and what comes of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::InstanceRow;
use super::InstanceStatus;
use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;
use crate::payload::optional;

/// Which instances are wanted: those for which all that is given here holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstanceFilter {
    /// Only these statuses; all if empty.
    pub statuses: Vec<InstanceStatus>,
    /// Only this orchestrator.
    pub name: Option<String>,
    /// Only this version.
    pub version: Option<String>,
    /// Only the instance with this id.
    pub id: Option<InstanceId>,
    /// Only ids that begin with this.
    pub id_prefix: Option<String>,
    /// Only those that have all these tags.
    pub tags: BTreeMap<String, String>,
    /// Only the sub-orchestrations of this instance, detached ones included.
    pub parent: Option<InstanceId>,
    /// Only this custom status.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub custom_status: Option<Payload>,
    /// Created then or later.
    pub created_from: Option<Timestamp>,
    /// Created before then.
    pub created_before: Option<Timestamp>,
    /// Last changed then or later.
    pub updated_from: Option<Timestamp>,
    /// Last changed before then.
    pub updated_before: Option<Timestamp>,
}

/// Where a page ends: the key of its last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken(pub InstanceKey);

/// A page of instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstancePage {
    /// The rows, in order of creation.
    pub instances: Vec<InstanceRow>,
    /// Where the next page begins; absent after the last.
    pub next: Option<PageToken>,
}

/// What one transaction of a purge has deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// How many instances.
    pub instances: u64,
    /// Where to go on; absent when there is nothing left to purge.
    pub next: Option<PageToken>,
}
