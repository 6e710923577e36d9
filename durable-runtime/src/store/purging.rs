//! What a purge may delete, the same for every store.

use crate::commands::InstanceFilter;
use crate::work::InstanceStatus;

/// `filter` narrowed to instances that have ended; `None` when it wants no such.
pub(super) fn ended_only(filter: &InstanceFilter) -> Option<InstanceFilter> {
    let wanted =
        |status: &InstanceStatus| filter.statuses.is_empty() || filter.statuses.contains(status);
    let statuses: Vec<_> = InstanceStatus::TERMINAL
        .into_iter()
        .filter(wanted)
        .collect();
    // An empty list would want every status, also those of instances that live.
    (!statuses.is_empty()).then(|| InstanceFilter {
        statuses,
        ..filter.clone()
    })
}
