//! What must hold when everything has come to its end.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::history::History;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::machine;
use durable_runtime::registry::Registry;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Output;

use crate::books;
use crate::client::Answer;
use crate::client::Record;
use crate::simulation::Simulation;
use crate::workload;
use crate::workload::Expected;
use crate::workload::Moved;
use crate::workload::Planned;
use crate::workload::Posted;
use crate::workload::Told;

/// The instances that have not ended.
pub(crate) async fn live(store: &ModelStore) -> Vec<InstanceRow> {
    let filter = InstanceFilter {
        statuses: vec![
            InstanceStatus::Pending,
            InstanceStatus::Running,
            InstanceStatus::Suspended,
            InstanceStatus::Stalled,
        ],
        ..InstanceFilter::default()
    };
    rows(store, &filter).await
}

async fn rows(store: &ModelStore, filter: &InstanceFilter) -> Vec<InstanceRow> {
    match store.instances_list(filter, None, u32::MAX).await {
        Ok(page) => page.instances,
        Err(_) => Vec::new(),
    }
}

/// Checks everything that is stored.
pub(crate) async fn check(simulation: &Simulation) {
    let all = rows(&simulation.store, &InstanceFilter::default()).await;
    let count = all.len();
    let rows: BTreeMap<_, _> = all.into_iter().map(|row| (row.id.clone(), row)).collect();
    if rows.len() < count {
        let what = "1: an instance was started twice".to_owned();
        simulation.world.violation(what);
    }
    let registry = workload::registry(true, true);
    let mut raised = BTreeMap::new();
    for row in rows.values() {
        if let Err(what) = ends_with_its_parent(simulation, &rows, row) {
            simulation.world.violation(format!("{what}: `{}`", row.id));
        }
        let seen = check_instance(&simulation.store, &registry, &rows, row).await;
        match seen {
            Ok(seen) => drop(raised.insert(row.id.clone(), seen)),
            Err(what) => simulation
                .world
                .violation(format!("{what} of `{}`", row.id)),
        }
    }
    check_records(simulation, &rows, &raised);
    for what in books::check(simulation, &rows).await {
        simulation.world.violation(what);
    }
}

/// What clients know of their instances is so.
fn check_records(
    simulation: &Simulation,
    rows: &BTreeMap<InstanceId, InstanceRow>,
    raised: &BTreeMap<InstanceId, Events>,
) {
    let records = simulation
        .clients
        .records
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for ((id, planned), record) in simulation.instances.iter().zip(records.iter()) {
        let checked = match (rows.get(id), raised.get(id)) {
            (Some(_), _) if record.purged => Err("1: purged and still there".to_owned()),
            (Some(row), Some(seen)) => as_expected(planned, row, record, seen),
            (Some(_), None) => Ok(()),
            (None, _) if record.purged => Ok(()),
            (None, _) => Err("1: started and not there".to_owned()),
        };
        if let Err(what) = checked {
            simulation.world.violation(format!("{what}: `{id}`"));
        }
        let Some(copy) = &record.copy else {
            continue;
        };
        let checked = match rows.get(copy) {
            Some(row) => has_expected_end(planned, row, record, &Events::default()),
            None => Err("1: copied and not there".to_owned()),
        };
        if let Err(what) = checked {
            simulation.world.violation(format!("{what}: `{copy}`"));
        }
    }
}

/// How long what is to end at once may take, with all that goes wrong on the way.
const SOON: Duration = Duration::from_mins(20);

/// An instance whose parent has ended does not go on.
fn ends_with_its_parent(
    simulation: &Simulation,
    rows: &BTreeMap<InstanceId, InstanceRow>,
    row: &InstanceRow,
) -> Result<(), String> {
    let spared = |id: &InstanceId| {
        let mut instances = simulation.instances.iter();
        instances.any(|(of, planned)| of == id && planned.management.spares_children())
    };
    let link = row.parent.as_ref().filter(|parent| !parent.detached);
    let link = link.filter(|link| !spared(&link.instance));
    let Some(parent) = link.and_then(|link| rows.get(&link.instance)) else {
        return Ok(());
    };
    if row.updated_at > parent.updated_at + SOON {
        return Err("2: went on long after its parent had ended".to_owned());
    }
    Ok(())
}

/// The events that an instance was given, and those that it left unread.
#[derive(Debug, Default)]
struct Events {
    given: BTreeSet<u64>,
    unread: BTreeSet<u64>,
}

async fn check_instance(
    store: &ModelStore,
    registry: &Registry,
    rows: &BTreeMap<InstanceId, InstanceRow>,
    row: &InstanceRow,
) -> Result<Events, String> {
    let mut events = Events::default();
    for number in 1..=row.execution.0 {
        let execution = Execution(number);
        let turns = store.history_fetch(row.key, execution).await;
        let turns =
            turns.map_err(|error| format!("3: execution {number} cannot be read: {error}"))?;
        let history = History::try_from(turns)
            .map_err(|error| format!("3: the history of execution {number}: {error}"))?;
        if !history.has_ended() {
            return Err(format!("2: execution {number} has no end"));
        }
        replays(registry, row, execution, &history)?;
        for event in history.events() {
            if let HistoryEvent::EventRaised { payload, .. } = event
                && !events.given.insert(number_of(payload)?)
            {
                return Err("1: an event was given twice".to_owned());
            }
        }
        children_agree(rows, &history)?;
    }
    let unread = store.events_unread(row.key).await;
    let unread = unread.map_err(|error| format!("1: unread events: {error}"))?;
    let history = History::try_from(unread.turns);
    let history = history.map_err(|error| format!("1: unread events: {error}"))?;
    let taken = machine::unread_events(&history).into_iter();
    let taken = taken.map(|event| event.payload);
    for payload in taken.chain(unread.inbox.into_iter().map(|event| event.payload)) {
        if !events.unread.insert(number_of(&payload)?) {
            return Err("1: an event is unread twice".to_owned());
        }
    }
    Ok(events)
}

fn number_of(payload: &Payload) -> Result<u64, String> {
    let told: Told = payload
        .decode()
        .map_err(|error| format!("1: an event: {error}"))?;
    Ok(told.number)
}

fn replays(
    registry: &Registry,
    row: &InstanceRow,
    execution: Execution,
    history: &History,
) -> Result<(), String> {
    let Some(orchestrator) = registry.orchestrator(&row.name, &row.version) else {
        return Ok(());
    };
    // It was ended before its code came to a first turn.
    if let Some(HistoryEvent::ExecutionTerminated { .. }) = history.events().nth(1) {
        return Ok(());
    }
    let row = InstanceRow {
        execution,
        ..row.clone()
    };
    let config = machine::Config {
        strict_inputs: true,
        ..machine::Config::default()
    };
    let start = &*orchestrator.start;
    let from_beginning = machine::replay(&config, &row, history, start);
    // Goes on from the last checkpoint, if there is one.
    let from_checkpoint = machine::resume(&config, &row, history, start);
    for replayed in [from_beginning, from_checkpoint] {
        match replayed {
            Ok(None) => {}
            Ok(Some(_)) => return Err(format!("3: the replay of execution {execution} goes on")),
            Err(error) => return Err(format!("3: the replay of execution {execution}: {error}")),
        }
    }
    Ok(())
}

/// A child has ended when its parent has, and told its parent how.
fn children_agree(
    rows: &BTreeMap<InstanceId, InstanceRow>,
    history: &History,
) -> Result<(), String> {
    let mut children: BTreeMap<&CallPath, &InstanceRow> = BTreeMap::new();
    for event in history.events() {
        match event {
            HistoryEvent::ChildScheduled { path, instance, .. } => {
                // One that was begun and given up in the same turn never was.
                if let Some(row) = rows.get(instance) {
                    children.insert(path, row);
                }
            }
            HistoryEvent::ChildCompleted { path, result, .. } => {
                let told = Some(Output::Completed(result.clone()));
                if children.get(path).is_none_or(|child| child.output != told) {
                    return Err(format!("2: child {path} told something else than its end"));
                }
            }
            HistoryEvent::ChildFailed { path, .. } => {
                let completed = InstanceStatus::Completed;
                if children
                    .get(path)
                    .is_none_or(|child| child.status == completed)
                {
                    return Err(format!("2: child {path} failed and did not"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn as_expected(
    planned: &Planned,
    row: &InstanceRow,
    record: &Record,
    events: &Events,
) -> Result<(), String> {
    if !record.seen_end {
        return Err("10: its client never saw its end".to_owned());
    }
    if let Some(at) = record.terminated
        && row.updated_at > at + SOON
    {
        return Err("1: went on long after its termination was accepted".to_owned());
    }
    let management = &planned.management;
    let ended =
        management.cancels() || management.terminates() && row.status == InstanceStatus::Terminated;
    if !ended {
        has_expected_end(planned, row, record, events)?;
    }
    // Whatever came of the instance: what was accepted is somewhere.
    let everywhere = |number: &u64| events.given.contains(number) || events.unread.contains(number);
    let mut nowhere = record.raised.iter();
    let nowhere = nowhere.find(|(number, a)| **a == Answer::NoRoom && everywhere(number));
    if let Some((number, _)) = nowhere {
        return Err(format!("1: event {number} was refused and is there"));
    }
    match accepted(record).find(|number| !everywhere(number)) {
        Some(number) => Err(format!("1: event {number} was accepted and is lost")),
        None => Ok(()),
    }
}

fn has_expected_end(
    planned: &Planned,
    row: &InstanceRow,
    record: &Record,
    events: &Events,
) -> Result<(), String> {
    let value = match &row.output {
        Some(Output::Completed(value)) => value.decode::<serde_json::Value>().ok(),
        _ => None,
    };
    let other = || format!("{:?} in place of {:?}", row.output, planned.expected);
    match &planned.expected {
        Expected::Completes(expected) if value.as_ref() == Some(expected) => {}
        Expected::FailsWith(number) => {
            let text = format!("{:?}", row.output);
            let sign = format!("step {number} fails for good");
            if row.status != InstanceStatus::Failed || !text.contains(&sign) {
                return Err(other());
            }
        }
        Expected::Fails | Expected::Moves { may_fail: true }
            if row.status == InstanceStatus::Failed => {}
        Expected::Stalls if row.status == InstanceStatus::Terminated => {}
        Expected::Anything => {}
        Expected::InOrder => {
            let read: Vec<u64> = value
                .and_then(|value| serde_json::from_value(value).ok())
                .ok_or_else(other)?;
            reads_agree(&read, record, events)?;
        }
        Expected::FirstOrNone => {
            let (first, early): (Option<u64>, bool) = value
                .and_then(|value| serde_json::from_value(value).ok())
                .ok_or_else(other)?;
            if early {
                return Err("6: a timer was early".to_owned());
            }
            let read: Vec<u64> = first.into_iter().collect();
            reads_agree(&read, record, events)?;
        }
        Expected::Posts(stand) => {
            let posted: Vec<Posted> = value
                .and_then(|value| serde_json::from_value(value).ok())
                .ok_or_else(other)?;
            if !posted
                .iter()
                .map(|posted| posted.stands)
                .eq(stand.iter().copied())
            {
                return Err(other());
            }
        }
        Expected::Moves { .. } => {
            let moved: Moved = value
                .and_then(|value| serde_json::from_value(value).ok())
                .ok_or_else(other)?;
            if let Moved::Done {
                undisturbed: false, ..
            } = moved
            {
                return Err("5: somebody changed an account that was locked".to_owned());
            }
        }
        _ => return Err(other()),
    }
    Ok(())
}

fn accepted(record: &Record) -> impl Iterator<Item = u64> {
    let raised = record.raised.iter();
    raised
        .filter(|(_, answer)| **answer == Answer::Accepted)
        .map(|(number, _)| *number)
}

fn reads_agree(read: &[u64], record: &Record, events: &Events) -> Result<(), String> {
    if !read.is_sorted_by(|a, b| a < b) {
        return Err(format!("1: events out of order, or twice: {read:?}"));
    }
    if let Some(number) = read.iter().find(|number| events.unread.contains(number)) {
        return Err(format!("1: event {number} was read and is unread"));
    }
    let refused = |number: &&u64| {
        record
            .raised
            .get(number)
            .is_none_or(|a| matches!(a, Answer::Refused | Answer::NoRoom))
    };
    if let Some(number) = read.iter().find(refused) {
        return Err(format!("1: event {number} was read and never accepted"));
    }
    match accepted(record).find(|number| !read.contains(number) && !events.unread.contains(number))
    {
        Some(number) => Err(format!("1: event {number} was accepted and nobody has it")),
        None => Ok(()),
    }
}
