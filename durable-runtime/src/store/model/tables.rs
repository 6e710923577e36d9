//! The rows of the model.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::payload::Payload;
use crate::store::TimerPlace;
use crate::store::creation::LaneNumber;
use crate::store::creation::unit_of;
use crate::store::creation::units_of;
use crate::store::dump::Dump;
use crate::store::dump::DumpedAnswer;
use crate::store::dump::DumpedInstance;
use crate::store::dump::DumpedMessage;
use crate::store::dump::DumpedWorker;
use crate::work::EntityRow;
use crate::work::HistoryRow;
use crate::work::InstanceRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::Timer;
use crate::work::TimerId;

/// Everything that is stored.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) lanes: BTreeMap<Lane, LaneNumber>,
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    pub(super) units: BTreeMap<Unit, Option<WorkerId>>,
    pub(super) ids: BTreeMap<InstanceId, InstanceKey>,
    /// Instances as their owners wrote them.
    pub(super) instances: BTreeMap<InstanceKey, InstanceRow>,
    /// What others see of those for which wishes wait.
    pub(super) shown: BTreeMap<InstanceKey, InstanceRow>,
    /// How many events each was sent that nobody has read.
    pub(super) unread: BTreeMap<InstanceKey, u64>,
    pub(super) history: BTreeMap<(InstanceKey, Execution, u64), HistoryRow>,
    pub(super) inbox: BTreeMap<MessageId, Received>,
    pub(super) timers: BTreeMap<TimerId, Set>,
    pub(super) heartbeats: BTreeMap<(InstanceKey, Execution, CallPath), Payload>,
    pub(super) commands: BTreeSet<(InstanceKey, String)>,
    pub(super) entities: BTreeMap<EntityId, EntityRow>,
    pub(super) entity_ids: BTreeMap<InstanceKey, EntityId>,
    pub(super) answers: BTreeMap<(InstanceKey, String), Answered>,
    numbers: i64,
}

/// A worker.
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) epoch: u64,
    pub(super) commit_id: u64,
    pub(super) fenced: bool,
    pub(super) lease_until: Timestamp,
    pub(super) lanes: BTreeSet<LaneNumber>,
}

/// A message in an inbox.
pub(super) struct Received {
    pub(super) key: InstanceKey,
    pub(super) at: Timestamp,
    pub(super) parked: bool,
    pub(super) body: MessageBody,
}

/// A client's command to an entity, and its answer.
pub(super) struct Answered {
    pub(super) result: Option<CallResult>,
    pub(super) remember_until: Option<Timestamp>,
}

/// A timer that is set.
pub(super) struct Set {
    pub(super) due: Timestamp,
    /// Its place in the order of creation.
    pub(super) number: i64,
}

impl Tables {
    /// A number that was never given before.
    pub(super) fn number(&mut self) -> i64 {
        self.numbers += 1;
        self.numbers
    }

    /// The number of a lane, which is created with its units if it is new.
    pub(super) fn lane(&mut self, lane: &Lane) -> LaneNumber {
        if let Some(number) = self.lanes.get(lane) {
            return *number;
        }
        // From 1, as a database numbers rows. No lane is ever deleted.
        let number = LaneNumber::try_from(self.lanes.len() + 1).unwrap_or(LaneNumber::MAX);
        self.lanes.insert(lane.clone(), number);
        self.units
            .extend(units_of(number).into_iter().map(|unit| (unit, None)));
        number
    }

    /// The unit of an instance.
    pub(super) fn unit(&mut self, lane: &Lane, id: &InstanceId) -> Unit {
        unit_of(self.lane(lane), id)
    }

    /// The instance with this id, as others see it.
    pub(super) fn by_id(&self, id: &InstanceId) -> Option<&InstanceRow> {
        let row = self.instances.get(self.ids.get(id)?)?;
        Some(self.seen(row))
    }

    /// What others see of an instance.
    pub(super) fn seen<'a>(&'a self, row: &'a InstanceRow) -> &'a InstanceRow {
        // As a rule nothing waits, and what shows is the row itself.
        self.shown.get(&row.key).unwrap_or(row)
    }

    pub(super) fn send(
        &mut self,
        key: InstanceKey,
        body: MessageBody,
        parked: bool,
        at: Timestamp,
    ) {
        let id = MessageId(self.number());
        let received = Received {
            key,
            at,
            parked,
            body,
        };
        self.inbox.insert(id, received);
    }

    /// Sets a timer; one that is set already keeps its place and gets the new due time.
    pub(super) fn set_timer(&mut self, timer: &Timer) {
        let number = self.number();
        let set = Set {
            due: timer.due,
            number,
        };
        // The number stays that of the first time: what is set anew keeps its place among equals.
        self.timers.entry(timer.id.clone()).or_insert(set).due = timer.due;
    }

    /// Forgets what only a running execution needs.
    pub(super) fn end_execution(&mut self, key: InstanceKey) {
        self.timers.retain(|id, _| id.key != key);
        self.heartbeats.retain(|(of, _, _), _| *of != key);
    }

    /// The unit of a message is that of its receiver.
    pub(super) fn unit_of(&self, key: InstanceKey) -> Option<Unit> {
        let instance = self.instances.get(&key).map(|row| row.unit);
        instance.or_else(|| Some(self.entity(key)?.unit))
    }

    pub(super) fn message(id: MessageId, received: &Received) -> Message {
        Message {
            id: Some(id),
            at: received.at,
            body: received.body.clone(),
        }
    }

    pub(super) fn dump(&self) -> Dump {
        let live = self.workers.iter().filter(|(_, worker)| !worker.fenced);
        let history = self.history.iter();
        let heartbeats = self.heartbeats.iter();
        Dump {
            lanes: self
                .lanes
                .iter()
                .map(|(lane, n)| (*n, lane.clone()))
                .collect(),
            workers: live.map(|(id, worker)| (*id, worker.dump())).collect(),
            units: self.units.clone(),
            instances: self
                .instances
                .values()
                .map(|row| DumpedInstance {
                    row: row.clone(),
                    shown: self.shown.get(&row.key).cloned(),
                    unread: self.unread(row.key),
                })
                .collect(),
            history: history.map(|(id, row)| (id.0, row.clone())).collect(),
            inbox: self
                .inbox
                .values()
                .filter_map(|m| self.dump_message(m))
                .collect(),
            timers: self.timers.iter().map(|(id, set)| set.timer(id)).collect(),
            heartbeats: heartbeats
                .map(|((key, execution, path), progress)| {
                    (*key, *execution, path.clone(), progress.clone())
                })
                .collect(),
            commands: self.commands.iter().cloned().collect(),
            entities: self.entities.values().cloned().collect(),
            answers: self
                .answers
                .iter()
                .map(|((key, command), answered)| DumpedAnswer {
                    key: *key,
                    command: command.clone(),
                    result: answered.result.clone(),
                    remember_until: answered.remember_until,
                })
                .collect(),
        }
    }

    fn dump_message(&self, received: &Received) -> Option<DumpedMessage> {
        Some(DumpedMessage {
            key: received.key,
            unit: self.unit_of(received.key)?,
            parked: received.parked,
            at: received.at,
            body: received.body.clone(),
        })
    }
}

impl Worker {
    fn dump(&self) -> DumpedWorker {
        DumpedWorker {
            name: self.name.clone(),
            epoch: self.epoch,
            lease_until: self.lease_until,
            lanes: self.lanes.iter().copied().collect(),
        }
    }
}

impl Set {
    /// Its place in the order of timers.
    pub(super) fn place(&self) -> TimerPlace {
        TimerPlace {
            due: self.due,
            number: self.number,
        }
    }

    pub(super) fn timer(&self, id: &TimerId) -> Timer {
        Timer {
            id: id.clone(),
            due: self.due,
        }
    }
}
