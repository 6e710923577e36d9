//! One of the two stores, with what a worker on it would know.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::history::FORMAT;
use durable_runtime::history::ParentLink;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::salt::Salt;
use durable_runtime::store::InstanceCommand;
use durable_runtime::store::NewWorker;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::WorkerLease;
use durable_runtime::work::Address;
use durable_runtime::work::EntityRow;
use durable_runtime::work::FirstEvent;
use durable_runtime::work::Heartbeat;
use durable_runtime::work::HistoryGone;
use durable_runtime::work::HistoryRow;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceUpdate;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::OutgoingMessage;
use durable_runtime::work::Output;
use durable_runtime::work::Timer;
use durable_runtime::work::TimerId;
use durable_runtime::work::TurnWrite;

use super::entities;
use super::operation::BodySpec;
use super::operation::INSTANCES;
use super::operation::LANES;
use super::operation::LeaseChoice;
use super::operation::NewSpec;
use super::operation::Operation;
use super::operation::Policy;
use super::operation::SendSpec;
use super::operation::TimerSpec;
use super::operation::TurnSpec;
use super::operation::UpdateSpec;
use super::outcome;
use super::outcome::Names;

const LEASE: Duration = Duration::from_secs(1);
const MOST_UNREAD: u64 = 4;

/// A store and what is known of it.
pub(super) struct Side {
    pub(super) store: Arc<dyn Store>,
    pub(super) lease: WorkerLease,
    stale: WorkerLease,
    former: WorkerLease,
    pub(super) units: Vec<Unit>,
    /// The messages fetched last, by the order of their ids.
    fetched: Vec<MessageId>,
    pub(super) rows: BTreeMap<usize, InstanceRow>,
    pub(super) entities: BTreeMap<usize, EntityRow>,
    pub(super) names: Names,
    pub(super) now: Timestamp,
}

pub(super) type Told = Result<String, StoreError>;

impl Side {
    /// Opens the hub and starts a worker that owns all lanes.
    pub(super) async fn new(store: Arc<dyn Store>) -> Self {
        let now = Timestamp::from_millis(0);
        store.hub_open(now).await.unwrap();
        let lease = store.worker_start(worker(), now).await.unwrap();
        let lanes = all_lanes();
        let units = store.units_claim(&lease, &lanes, now).await.unwrap();
        let names = Names {
            base: units[0].0,
            ..Names::default()
        };
        Self {
            stale: lease.clone(),
            former: lease.clone(),
            lease,
            units,
            fetched: Vec::new(),
            rows: BTreeMap::new(),
            entities: BTreeMap::new(),
            names,
            now,
            store,
        }
    }

    pub(super) async fn dump(&self) -> String {
        self.store.dump().await.unwrap()
    }

    /// Does what the operation says and tells what came of it.
    pub(super) async fn run(&mut self, operation: &Operation) -> String {
        let told = match operation {
            Operation::Commit { .. } | Operation::Create(..) | Operation::Send { .. } => {
                let told = self.write(operation).await;
                self.refresh().await;
                told
            }
            Operation::Renew
            | Operation::Claim { .. }
            | Operation::Restart { .. }
            | Operation::Outcome
            | Operation::Pass { .. } => self.own(operation).await,
            Operation::Entity(step) => self.entity(step).await,
            reading => self.read(reading).await,
        };
        told.unwrap_or_else(|error| outcome::error(&error))
    }

    /// Learns keys and units, as a worker does by loading.
    pub(super) async fn refresh(&mut self) {
        let all = InstanceFilter::default();
        let page = self.store.instances_list(&all, None, 100).await.unwrap();
        for row in page.instances {
            self.names.instances.insert(row.key, row.id.to_string());
            if let Some(number) = (0..INSTANCES).find(|number| id(*number) == row.id) {
                self.rows.insert(number, row);
            }
        }
        self.refresh_entities().await;
    }

    async fn write(&mut self, operation: &Operation) -> Told {
        let store = Arc::clone(&self.store);
        match operation {
            Operation::Create(spec, policy) => {
                let new = self.new_instance(spec);
                let policy = if_exists(*policy);
                let created = store.instance_create(&new, &policy, MOST_UNREAD, self.now);
                created.await.map(text)
            }
            Operation::Send {
                to,
                command,
                body,
                refused_by,
            } => {
                let command = InstanceCommand {
                    command: command.to_string(),
                    body: self.body(body),
                    refused_by: refused_by.iter().map(|lane| lane_of(*lane)).collect(),
                    most_unread: MOST_UNREAD,
                };
                let to = id(*to);
                let sent = store.message_send(&to, &command, self.now);
                sent.await.map(text)
            }
            Operation::Commit { turns, lease } => {
                let writes: Vec<_> = turns.iter().filter_map(|turn| self.turn(turn)).collect();
                self.commit(&writes, *lease).await
            }
            _ => unreachable!("not a write"),
        }
    }

    pub(super) async fn commit(&mut self, writes: &[TurnWrite], choice: LeaseChoice) -> Told {
        let mut other = match choice {
            LeaseChoice::Current => {
                self.stale = self.lease.clone();
                let done = self.store.commit(&mut self.lease, writes, self.now);
                return done.await.map(text);
            }
            LeaseChoice::Stale => self.stale.clone(),
            LeaseChoice::Former => self.former.clone(),
        };
        let done = self.store.commit(&mut other, writes, self.now).await;
        if done.is_ok() {
            // The stale lease was the current one after all.
            self.lease = other;
        }
        done.map(text)
    }

    async fn own(&mut self, operation: &Operation) -> Told {
        match operation {
            Operation::Renew => self
                .store
                .worker_renew(&self.lease, self.now)
                .await
                .map(text),
            Operation::Claim { lanes } => {
                let lanes = lanes.iter().map(|lane| lane_of(*lane));
                let lanes: Vec<_> = lanes.chain([Lane::entity("Account")]).collect();
                self.units = self
                    .store
                    .units_claim(&self.lease, &lanes, self.now)
                    .await?;
                let units = self.units.iter().map(|unit| self.names.unit(*unit));
                Ok(text(units.collect::<Vec<_>>()))
            }
            Operation::Restart { stop } => {
                if *stop {
                    self.store.worker_stop(&self.lease, self.now).await?;
                }
                let next = self.store.worker_start(worker(), self.now).await?;
                self.former = std::mem::replace(&mut self.lease, next);
                self.stale = self.lease.clone();
                Ok(text((self.lease.epoch, self.lease.commit_id)))
            }
            Operation::Outcome => self.store.commit_outcome(&self.lease).await.map(text),
            Operation::Pass { millis } => {
                self.now = self.now + Duration::from_millis(*millis);
                Ok(String::new())
            }
            _ => unreachable!("not about the worker itself"),
        }
    }

    async fn read(&mut self, operation: &Operation) -> Told {
        match operation {
            Operation::FetchInbox {
                except,
                limit,
                units,
            } => self.fetch_inbox(except, *limit, *units).await,
            Operation::Load { instance } => self.load(*instance).await,
            Operation::Fetch { instance } => {
                let row = self.store.instance_fetch(&id(*instance)).await?;
                Ok(text(row.map(|row| self.names.row(&row))))
            }
            Operation::History {
                instance,
                execution,
            } => {
                let turns = self
                    .store
                    .history_fetch(self.key(*instance), Execution(*execution));
                turns.await.map(text)
            }
            Operation::EventsUnread { instance } => self
                .store
                .events_unread(self.key(*instance))
                .await
                .map(text),
            Operation::ToLoad { after, limit } => {
                let after = after.map(|instance| self.key(instance));
                let found = self
                    .store
                    .instances_to_load(&self.units, after, *limit)
                    .await?;
                let names = found.iter().map(|key| self.names.key(*key));
                Ok(text(names.collect::<Vec<_>>()))
            }
            Operation::List {
                statuses,
                name,
                limit,
            } => {
                let filter = InstanceFilter {
                    statuses: statuses.clone(),
                    name: name.map(str::to_owned),
                    ..InstanceFilter::default()
                };
                self.list(&filter, *limit).await
            }
            Operation::TimersDue {
                until,
                limit,
                units,
            } => {
                let until = Timestamp::from_millis(*until);
                let units = self.some_units(*units);
                let (mut due, mut after) = (Vec::new(), None);
                loop {
                    let page = self.store.timers_due(units, until, after, *limit).await?;
                    due.extend(page.timers);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                let named = due.iter().map(|(unit, timer)| {
                    let (id, name) = (&timer.id, self.names.key(timer.id.key));
                    let unit = self.names.unit(*unit);
                    format!(
                        "{unit} {name} {}:{} {:?} {}",
                        id.execution, id.path, id.kind, timer.due
                    )
                });
                Ok(text(named.collect::<Vec<_>>()))
            }
            _ => unreachable!("not a reading"),
        }
    }

    async fn fetch_inbox(&mut self, except: &[usize], limit: u32, units: usize) -> Told {
        let mut except: Vec<_> = except.iter().filter_map(|at| self.message(*at)).collect();
        except.sort();
        let units = self.some_units(units);
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.inbox_fetch(units, &except, after, limit).await?;
            found.extend(page.messages);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let named = found.iter().map(|received| {
            let (name, unit) = (self.names.key(received.key), self.names.unit(received.unit));
            format!("{name} {unit} {}", outcome::message(&received.message))
        });
        let told = text(named.collect::<Vec<_>>());
        self.fetched = found
            .iter()
            .filter_map(|received| received.message.id)
            .collect();
        Ok(told)
    }

    async fn load(&self, instance: usize) -> Told {
        let Some(mut loaded) = self.store.instance_load(self.key(instance)).await? else {
            return Ok("absent".to_owned());
        };
        loaded
            .heartbeats
            .sort_by(|a, b| (a.execution, &a.path).cmp(&(b.execution, &b.path)));
        let inbox: Vec<_> = loaded.inbox.iter().map(outcome::message).collect();
        let row = self.names.row(&loaded.instance);
        let turns = loaded.turns.map_err(|error| error.to_string());
        Ok(text((row, turns, inbox, loaded.heartbeats)))
    }

    /// All pages, one after the other.
    async fn list(&self, filter: &InstanceFilter, limit: u32) -> Told {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.instances_list(filter, after, limit).await?;
            let rows = page.instances.iter().map(|row| self.names.row(row));
            told.push(rows.collect::<Vec<_>>());
            after = page.next;
            if after.is_none() {
                return Ok(text(told));
            }
        }
    }

    fn some_units(&self, from: usize) -> &[Unit] {
        self.units.get(from..).unwrap_or(&self.units)
    }

    pub(super) fn message(&self, at: usize) -> Option<MessageId> {
        self.fetched.get(at).copied()
    }

    fn key(&self, instance: usize) -> InstanceKey {
        let row = self.rows.get(&instance);
        row.map_or(InstanceKey(-1), |row| row.key)
    }

    fn turn(&self, spec: &TurnSpec) -> Option<TurnWrite> {
        let row = self.rows.get(&spec.instance)?;
        let mut write = TurnWrite::new(row.key, row.unit);
        write.history = spec.history.map(|(execution, turn)| HistoryRow {
            execution: Execution(execution),
            turn,
            format: FORMAT,
            at: self.now,
            events: r#"[{"CallCancelled":{"path":"1"}}]"#.to_owned(),
        });
        write.history_gone = spec.history_gone.map(|(execution, before)| HistoryGone {
            execution: Execution(execution),
            before,
        });
        write.consumed = spec
            .consumed
            .iter()
            .filter_map(|at| self.message(*at))
            .collect();
        write.parked = spec
            .parked
            .iter()
            .filter_map(|at| self.message(*at))
            .collect();
        write.unpark = spec.unpark;
        write.update = spec.update.as_ref().map(|update| update_of(row, update));
        write.unread = spec.unread;
        let timers = spec.timers.iter();
        write.timers = timers
            .map(|(timer, due)| Timer {
                id: timer_id(row, *timer),
                due: Timestamp::from_millis(*due),
            })
            .collect();
        write.timers_gone = spec
            .timers_gone
            .iter()
            .map(|timer| timer_id(row, *timer))
            .collect();
        write.sends = spec.sends.iter().map(|send| self.send(send)).collect();
        write.starts = spec
            .starts
            .iter()
            .map(|new| self.new_instance(new))
            .collect();
        let beats = spec.heartbeats.iter();
        write.heartbeats = beats
            .map(|(execution, path, progress)| Heartbeat {
                execution: Execution(*execution),
                path: CallPath::root().child(*path),
                progress: Payload::from_json(progress).unwrap(),
            })
            .collect();
        let replacement = spec.replacement.as_ref();
        write.replacement = replacement.map(|new| Box::new(self.new_instance(new)));
        Some(write)
    }

    pub(super) fn send(&self, spec: &SendSpec) -> OutgoingMessage {
        if let Some((to, due)) = spec.entity {
            return entities::message_to(to, due);
        }
        let to = if spec.by_key {
            Address::Key(self.key(spec.to))
        } else {
            Address::Id(id(spec.to))
        };
        OutgoingMessage {
            to,
            body: self.body(&spec.body),
            parked: spec.parked,
            due: None,
        }
    }

    fn new_instance(&self, spec: &NewSpec) -> NewInstance {
        let (name, version) = LANES[spec.lane];
        let caller = spec
            .parent
            .and_then(|(caller, path)| Some((self.rows.get(&caller)?, path)));
        NewInstance {
            id: id(spec.id),
            salt: Salt::from_bits(spec.command.into()),
            name: name.to_owned(),
            version: version.to_owned(),
            input: payload(spec.input),
            tags: BTreeMap::from([("seed".to_owned(), spec.command.to_string())]),
            parent: caller.map(|(row, path)| parent(row, path)),
            start_at: spec.start_at.map(Timestamp::from_millis),
            command: spec.command.to_string(),
            headers: BTreeMap::new(),
            event: spec.event.map(|name| FirstEvent {
                name: name.to_owned(),
                payload: Payload::encode(name).unwrap(),
            }),
        }
    }

    fn body(&self, spec: &BodySpec) -> MessageBody {
        match spec {
            BodySpec::Event(name) => MessageBody::EventRaised {
                name: (*name).to_owned(),
                payload: Payload::encode(name).unwrap(),
            },
            BodySpec::Suspend => MessageBody::Suspend,
            BodySpec::Resume => MessageBody::Resume,
            BodySpec::Terminate => terminate(None),
            BodySpec::TerminateBy(caller) => {
                terminate(self.rows.get(caller).map(|row| parent(row, 1)))
            }
            BodySpec::ChildCompleted(path) => MessageBody::ChildCompleted {
                execution: Execution(1),
                path: CallPath::root().child(*path),
                result: Payload::from_json("[]").unwrap(),
            },
        }
    }
}

fn all_lanes() -> Vec<Lane> {
    let lanes = LANES.map(|(name, version)| Lane::orchestrator(name, version));
    let of_entities = ["Account", "Journal"].map(Lane::entity);
    lanes.into_iter().chain(of_entities).collect()
}

fn worker() -> NewWorker {
    NewWorker {
        name: "worker".to_owned(),
        lease: LEASE,
    }
}

fn id(number: usize) -> InstanceId {
    InstanceId::new(format!("instance {number}")).unwrap()
}

pub(super) fn payload(text: Option<&str>) -> Option<Payload> {
    text.map(|text| Payload::from_json(text).unwrap())
}

fn parent(row: &InstanceRow, path: u32) -> ParentLink {
    ParentLink {
        key: row.key,
        instance: row.id.clone(),
        execution: row.execution,
        path: CallPath::root().child(path),
        depth: 1,
        detached: false,
    }
}

fn terminate(by_parent: Option<ParentLink>) -> MessageBody {
    MessageBody::Terminate {
        reason: "enough".to_owned(),
        by_parent,
        recursive: true,
    }
}

fn if_exists(policy: Policy) -> IfExists {
    match policy {
        Policy::Fail => IfExists::Fail,
        Policy::Use => IfExists::Use,
        Policy::Replace(statuses) => IfExists::Replace(statuses.to_vec()),
    }
}

fn timer_id(row: &InstanceRow, spec: TimerSpec) -> TimerId {
    TimerId {
        key: row.key,
        execution: Execution(spec.execution),
        path: CallPath::root().child(spec.path),
        kind: spec.kind,
    }
}

fn update_of(row: &InstanceRow, spec: &UpdateSpec) -> InstanceUpdate {
    let next = u32::from(spec.begins_anew);
    InstanceUpdate {
        status: spec.status,
        execution: Execution(row.execution.0 + next),
        input: spec.begins_anew.then(|| payload(spec.input)),
        output: spec.output.then(|| Output::Terminated("enough".to_owned())),
        custom_status: payload(spec.custom_status),
        stalled: spec.stalled.map(str::to_owned),
        load_at_start: spec.load_at_start,
        checkpoint: spec.checkpoint,
    }
}

pub(super) fn text<T: Debug>(value: T) -> String {
    format!("{value:?}")
}

/// The lane of an orchestrator of the script.
fn lane_of(number: usize) -> Lane {
    let (name, version) = LANES[number];
    Lane::orchestrator(name, version)
}
