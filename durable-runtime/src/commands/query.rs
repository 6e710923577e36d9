//! Queries for instances to list, count and purge, and their results.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;
use crate::payload::optional;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;

/// A query for instances: all given conditions must hold.
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
    /// Only those created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only those created before this time.
    pub created_before: Option<Timestamp>,
    /// Only those last changed at this time or later.
    pub updated_from: Option<Timestamp>,
    /// Only those last changed before this time.
    pub updated_before: Option<Timestamp>,
}

/// The end of a page: the key of its last row.
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

/// The result of one transaction of a purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purged {
    /// How many instances.
    pub instances: u64,
    /// Where to continue; absent if nothing is left to purge.
    pub next: Option<PageToken>,
}
