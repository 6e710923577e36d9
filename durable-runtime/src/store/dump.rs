//! Everything that is stored, as text that two stores can be compared by.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::creation::LaneNumber;
use super::creation::lane_of;
use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::PARTITIONS;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::payload::Payload;
use crate::work::Caller;
use crate::work::EntityRow;
use crate::work::HistoryRow;
use crate::work::InstanceRow;
use crate::work::MessageBody;
use crate::work::Timer;

/// All rows of a hub. Those of an instance in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Dump {
    pub(super) lanes: BTreeMap<LaneNumber, Lane>,
    /// Workers that are not fenced.
    pub(super) workers: BTreeMap<WorkerId, DumpedWorker>,
    pub(super) units: BTreeMap<Unit, Option<WorkerId>>,
    pub(super) instances: Vec<DumpedInstance>,
    pub(super) history: Vec<(InstanceKey, HistoryRow)>,
    pub(super) inbox: Vec<DumpedMessage>,
    pub(super) timers: Vec<Timer>,
    pub(super) heartbeats: Vec<(InstanceKey, Execution, CallPath, Payload)>,
    pub(super) commands: Vec<(InstanceKey, String)>,
    pub(super) entities: Vec<EntityRow>,
    pub(super) answers: Vec<DumpedAnswer>,
}

#[derive(Debug)]
pub(super) struct DumpedInstance {
    /// As its owner wrote it.
    pub(super) row: InstanceRow,
    /// What others see, while wishes wait.
    pub(super) shown: Option<InstanceRow>,
    pub(super) unread: u64,
}

#[derive(Debug)]
pub(super) struct DumpedAnswer {
    pub(super) key: InstanceKey,
    pub(super) command: String,
    pub(super) result: Option<CallResult>,
    pub(super) remember_until: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct DumpedWorker {
    pub(super) name: String,
    pub(super) epoch: u64,
    pub(super) lease_until: Timestamp,
    pub(super) lanes: Vec<LaneNumber>,
}

#[derive(Debug)]
pub(super) struct DumpedMessage {
    pub(super) key: InstanceKey,
    pub(super) unit: Unit,
    pub(super) parked: bool,
    pub(super) at: Timestamp,
    pub(super) body: MessageBody,
}

impl Dump {
    /// The text: one line for each row, without the numbers that a store gave.
    pub(super) fn render(mut self) -> String {
        self.instances.sort_by_key(|instance| instance.row.key);
        self.history
            .sort_by_key(|(key, row)| (*key, row.execution, row.turn));
        self.timers.sort_by(|a, b| a.id.cmp(&b.id));
        self.heartbeats
            .sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        self.commands.sort();
        // A stable sort: the messages of one receiver stay in the order of their ids, which is no
        // part of the text.
        self.inbox.sort_by_key(|message| message.key);
        let mut lines = self.ownership();
        for instance in &self.instances {
            self.instance(instance, &mut lines);
        }
        self.entities.sort_by(|a, b| a.id.cmp(&b.id));
        self.answers
            .sort_by(|a, b| (a.key, &a.command).cmp(&(b.key, &b.command)));
        for row in &self.entities {
            self.entity(row, &mut lines);
        }
        lines.join("\n")
    }

    fn ownership(&self) -> Vec<String> {
        // The place and not the number: two stores number their rows as they like.
        let place = |worker: &WorkerId| self.workers.keys().position(|id| id == worker);
        let mut lines: Vec<_> = self
            .lanes
            .values()
            .map(|lane| format!("lane {lane}"))
            .collect();
        for (unit, owner) in &self.units {
            let owner = owner.as_ref().and_then(place);
            lines.push(format!("unit {} owner {owner:?}", self.unit_name(*unit)));
        }
        lines.sort();
        for worker in self.workers.values() {
            let mut names: Vec<_> = worker
                .lanes
                .iter()
                .map(|lane| self.lane_name(*lane))
                .collect();
            names.sort_unstable();
            lines.push(format!(
                "worker {:?} epoch {} lease until {} lanes {names:?}",
                worker.name,
                worker.epoch,
                worker.lease_until.as_millis()
            ));
        }
        lines
    }

    fn lane_name(&self, lane: LaneNumber) -> &str {
        self.lanes.get(&lane).map_or("unknown", Lane::as_str)
    }

    fn unit_name(&self, unit: Unit) -> String {
        let partition = unit.0 % i32::from(PARTITIONS);
        format!("{}/{partition}", self.lane_name(lane_of(unit)))
    }

    fn instance(&self, instance: &DumpedInstance, lines: &mut Vec<String>) {
        let DumpedInstance { row, shown, unread } = instance;
        let key = row.key;
        lines.push(format!(
            "instance {} {}",
            self.unit_name(row.unit),
            json(&without_numbers(row))
        ));
        if let Some(shown) = shown {
            lines.push(format!("  shown as {}", json(&without_numbers(shown))));
        }
        if *unread > 0 {
            lines.push(format!("  unread events {unread}"));
        }
        for (_, turn) in self.history.iter().filter(|(of, _)| *of == key) {
            lines.push(format!("  history {}", json(turn)));
        }
        self.waiting(key, lines);
        for (_, execution, path, progress) in self.heartbeats.iter().filter(|row| row.0 == key) {
            lines.push(format!(
                "  heartbeat {execution}:{path} {}",
                progress.as_text()
            ));
        }
        for (_, command) in self.commands.iter().filter(|(of, _)| *of == key) {
            lines.push(format!("  command {command:?}"));
        }
    }

    fn entity(&self, row: &EntityRow, lines: &mut Vec<String>) {
        let unit = self.unit_name(row.unit);
        let mut shown = row.clone();
        (shown.key, shown.unit) = (InstanceKey(0), Unit(0));
        if let Some(holder) = &mut shown.lock {
            holder.key = InstanceKey(0);
        }
        for holder in &mut shown.withdrawn {
            holder.key = InstanceKey(0);
        }
        lines.push(format!("entity {unit} {}", json(&shown)));
        self.waiting(row.key, lines);
        for answer in self.answers.iter().filter(|answer| answer.key == row.key) {
            let until = answer.remember_until.map(Timestamp::as_millis);
            let (command, result) = (&answer.command, &answer.result);
            lines.push(format!("  answer {command:?} {result:?} until {until:?}"));
        }
    }

    fn waiting(&self, key: InstanceKey, lines: &mut Vec<String>) {
        for message in self.inbox.iter().filter(|message| message.key == key) {
            let mut line = format!("  message {}", json(&without_keys(&message.body)));
            let at = message.at.as_millis();
            let unit = self.unit_name(message.unit);
            // Writing to a `String` cannot fail.
            let _ = write!(line, " at {at} parked {} unit {unit}", message.parked);
            lines.push(line);
        }
        for timer in self.timers.iter().filter(|timer| timer.id.key == key) {
            let (id, due) = (&timer.id, timer.due.as_millis());
            lines.push(format!(
                "  timer {}:{} {:?} due {due}",
                id.execution, id.path, id.kind
            ));
        }
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| error.to_string())
}

fn without_numbers(row: &InstanceRow) -> InstanceRow {
    let mut row = row.clone();
    row.key = InstanceKey(0);
    row.unit = Unit(0);
    if let Some(parent) = &mut row.parent {
        parent.key = InstanceKey(0);
    }
    row
}

fn without_keys(body: &MessageBody) -> MessageBody {
    let mut body = body.clone();
    let parent = match &mut body {
        MessageBody::Terminate { by_parent, .. } | MessageBody::Cancel { by_parent, .. } => {
            by_parent.as_mut()
        }
        MessageBody::Replace(new) => new.parent.as_mut(),
        MessageBody::EntityOperation(operation) => {
            if let Some(Caller::Orchestration { key, .. }) = &mut operation.caller {
                *key = InstanceKey(0);
            }
            if let Some(holder) = &mut operation.lock {
                holder.key = InstanceKey(0);
            }
            None
        }
        MessageBody::EntityLock(request) => {
            request.holder.key = InstanceKey(0);
            None
        }
        MessageBody::EntityUnlock(holder) | MessageBody::EntityWithdraw { holder, .. } => {
            holder.key = InstanceKey(0);
            None
        }
        _ => None,
    };
    if let Some(parent) = parent {
        parent.key = InstanceKey(0);
    }
    body
}
