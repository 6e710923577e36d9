//! The rows that a creation writes, the same for every store.

use super::HubInfo;
use crate::clock::Timestamp;
use crate::commands::EntityListing;
use crate::failure::Failure;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::PARTITIONS;
use crate::ids::Unit;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::MessageBody;
use crate::work::NewInstance;
use crate::work::Timer;
use crate::work::TimerId;
use crate::work::TimerKind;

/// The number of a lane in the store.
pub(super) type LaneNumber = i32;

/// The unit of an instance in a lane.
pub(super) fn unit_of(lane: LaneNumber, id: &InstanceId) -> Unit {
    units_of(lane)[usize::from(id.partition())]
}

/// The unit of an entity in its lane.
pub(super) fn unit_of_entity(lane: LaneNumber, id: &EntityId) -> Unit {
    units_of(lane)[usize::from(id.partition())]
}

/// Whether an entity shows: one that was deleted, or never had a state, does not.
pub(super) fn shows(listing: &EntityListing) -> bool {
    listing.has_state || listing.row.lock.is_some() || listing.backlog > 0
}

/// All units of a lane, ascending.
pub(super) fn units_of(lane: LaneNumber) -> Vec<Unit> {
    let first = lane.saturating_mul(i32::from(PARTITIONS));
    (0..i32::from(PARTITIONS))
        .map(|partition| Unit(first.saturating_add(partition)))
        .collect()
}

/// The lane of a unit.
pub(super) fn lane_of(unit: Unit) -> LaneNumber {
    unit.0 / i32::from(PARTITIONS)
}

/// The hub that this version creates under this name.
pub(super) fn new_hub(name: &str) -> HubInfo {
    HubInfo {
        name: name.to_owned(),
        format: HubInfo::FORMAT,
        partitions: PARTITIONS,
    }
}

/// The row of an instance that begins with `execution`.
pub(super) fn pending_row(
    key: InstanceKey,
    unit: Unit,
    execution: Execution,
    new: &NewInstance,
    now: Timestamp,
) -> InstanceRow {
    InstanceRow {
        key,
        unit,
        id: new.id.clone(),
        salt: new.salt,
        name: new.name.clone(),
        version: new.version.clone(),
        status: InstanceStatus::Pending,
        execution,
        input: new.input.clone(),
        output: None,
        custom_status: None,
        stalled: None,
        tags: new.tags.clone(),
        parent: new.parent.clone(),
        start_at: new.start_at,
        created_at: now,
        updated_at: now,
        // Its start is a message or a timer, and both are found without loading anything.
        load_at_start: false,
        is_asked: false,
        checkpoint: None,
        command: new.command.clone(),
        headers: new.headers.clone(),
    }
}

/// How an execution is told to begin.
pub(super) enum Beginning {
    /// By a message, at once.
    Message(MessageBody),
    /// By a timer, later.
    Timer(Timer),
}

/// How the execution that `row` waits for is told to begin.
pub(super) fn beginning_of(row: &InstanceRow, now: Timestamp) -> Beginning {
    match row.start_at {
        Some(due) if due > now && !mutant(Mutant::ScheduledStartIgnored) => {
            Beginning::Timer(Timer {
                id: TimerId {
                    key: row.key,
                    execution: row.execution,
                    // No call is at the root, so this timer never meets one of the orchestrator.
                    path: CallPath::root(),
                    kind: TimerKind::Start,
                },
                due,
            })
        }
        _ => Beginning::Message(MessageBody::Start {
            execution: row.execution,
            carried: Vec::new(),
        }),
    }
}

/// The event that an instance is started with, as a message.
pub(super) fn first_event(new: &NewInstance) -> Option<MessageBody> {
    new.event.clone().map(|event| MessageBody::EventRaised {
        name: event.name,
        payload: event.payload,
    })
}

/// Whether `existing` is what `start` asked for: made by the same command, or by the same call.
pub(super) fn is_made_by(existing: &InstanceRow, start: &NewInstance) -> bool {
    existing.command == start.command || (start.parent.is_some() && existing.parent == start.parent)
}

/// What the call that asked for `start` is told when the id belongs to another instance; nothing
/// if no call asked.
pub(super) fn refusal_of(start: &NewInstance) -> Option<MessageBody> {
    start
        .parent
        .as_ref()
        .map(|parent| MessageBody::ChildFailed {
            execution: parent.execution,
            path: parent.path.clone(),
            error: Failure::AlreadyExists {
                instance: start.id.clone(),
            }
            .into(),
        })
}
