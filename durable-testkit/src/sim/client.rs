//! The client of one instance: starts it, raises its events, ends it, and waits for its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::client::ClientError;
use durable_runtime::client::StoreCommands;
use durable_runtime::commands::Commands;
use durable_runtime::commands::Control;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::Limits;
use durable_runtime::commands::StartRequest;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::notifier::Notifier;
use durable_runtime::salt::SaltSource;
use durable_runtime::store::StoreError;
use durable_runtime::work::InstanceStatus;
use durable_testkit::CountedSalts;

use crate::clock::SimClock;
use crate::store::SimStore;
use crate::workload::Expected;
use crate::workload::Planned;
use crate::workload::Told;
use crate::world::World;

/// What became of an event that was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    /// Nobody knows.
    Lost,
    /// It came too late.
    Refused,
    /// There was no room for it: it is nowhere.
    NoRoom,
}

/// What a client knows of its instance.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) raised: BTreeMap<u64, Answer>,
    /// When its termination was accepted.
    pub(crate) terminated: Option<Timestamp>,
    pub(crate) seen_end: bool,
    /// A copy of it that was started under another id.
    pub(crate) copy: Option<InstanceId>,
    pub(crate) purged: bool,
}

impl Record {
    fn note(&mut self, event: u64, answer: Answer) {
        self.raised.insert(event, answer);
    }
}

/// What all clients share.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) world: Arc<World>,
    pub(crate) store: Arc<SimStore>,
    pub(crate) clock: SimClock,
    /// Those of the processes that are alive.
    pub(crate) notifiers: Mutex<Vec<Arc<dyn Notifier>>>,
    pub(crate) records: Mutex<Vec<Record>>,
    pub(crate) numbers: AtomicU64,
    pub(crate) salts: Arc<CountedSalts>,
    /// How many events that nobody has read an instance may have.
    pub(crate) most_unread: usize,
}

impl Clients {
    /// A client, in the process of some worker or in one of its own.
    pub(crate) fn commands(&self, waits: bool) -> StoreCommands {
        let notifiers = self
            .notifiers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut inner = self.world.inner();
        let apart = inner.faults.lost_wake_ups || inner.draw.chance(30);
        let near = (!waits && !apart && !notifiers.is_empty())
            .then(|| Arc::clone(&notifiers[inner.draw.index(notifiers.len())]));
        inner.count(if near.is_some() {
            "wake-up sent"
        } else {
            "wake-up lost"
        });
        drop(inner);
        let mut limits = Limits::default();
        limits.unread_events = self.most_unread;
        StoreCommands::new(
            self.store.clone(),
            near.unwrap_or_else(|| Arc::new(LocalNotifier::default())),
            Arc::new(self.clock.clone()),
            limits,
        )
        .salts(Arc::clone(&self.salts) as Arc<dyn SaltSource>)
    }

    pub(crate) fn record(&self, number: usize, change: impl FnOnce(&mut Record)) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut records[number]);
    }

    pub(crate) fn terminated(&self, number: usize) -> Option<Timestamp> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records[number].terminated
    }

    pub(crate) async fn pause(&self, most: u64) {
        let millis = self.world.inner().draw.below(most);
        self.clock.sleep(millis).await;
    }

    /// All that the client of an instance does.
    pub(crate) async fn run(self: Arc<Self>, number: usize, id: InstanceId, planned: Planned) {
        self.pause(4_000).await;
        self.start(&id, &planned).await;
        futures::join!(
            self.raise(number, &id, &planned),
            self.meddle(&id, &planned)
        );
        if planned.terminated {
            self.pause(12_000).await;
            self.terminate(number, &id).await;
        }
        self.wait(number, &id, &planned).await;
        if planned.raises > 0 {
            self.too_late(&id).await;
        }
        self.afterwards(number, &id, &planned).await;
        self.record(number, |record| record.seen_end = true);
    }

    /// A command that was never sent before.
    pub(crate) fn fresh_command(&self) -> String {
        format!("command-{}", self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) async fn start(&self, id: &InstanceId, planned: &Planned) {
        let delay = self.world.inner().draw.chance(15);
        let request = StartRequest {
            id: Some(id.clone()),
            name: planned.workload.to_owned(),
            version: Some(planned.version.to_owned()),
            input: planned.payload(),
            start_at: delay.then_some(durable_runtime::commands::StartAt::After(
                std::time::Duration::from_secs(3),
            )),
            tags: BTreeMap::new(),
            if_exists: IfExists::Use,
            headers: BTreeMap::new(),
            event: None,
            command: self.fresh_command(),
        };
        while let Err(error) = self.commands(false).start(request.clone()).await {
            self.world.note(format_args!("start of {id}: {error}"));
            self.clock.sleep(100).await;
        }
        self.world.note(format_args!("{id} is started"));
    }

    async fn raise(&self, number: usize, id: &InstanceId, planned: &Planned) {
        if !planned.early {
            self.pause(6_000).await;
        }
        let (mut accepted, mut event) = (0, 0);
        while event < planned.raises || accepted < planned.needs {
            event += 1;
            let command = format!("raise-{event}");
            let payload = told(event);
            // Noted before: it may take effect before its answer is here.
            self.record(number, |record| record.note(event, Answer::Lost));
            let name = if event % 2 == 0 { "Told" } else { "told" };
            let raised = self
                .commands(false)
                .raise(id, name, payload, &command)
                .await;
            let answer = match raised {
                Ok(()) => Answer::Accepted,
                Err(ClientError::AlreadyFinished { .. }) => Answer::Refused,
                Err(error) => self.not_accepted(&error),
            };
            self.world
                .note(format_args!("event {event} for {id}: {answer:?}"));
            self.record(number, |record| record.note(event, answer));
            if answer == Answer::Refused {
                return;
            }
            accepted += u64::from(answer == Answer::Accepted);
            self.pause(if planned.early { 200 } else { 4_000 }).await;
        }
    }

    /// What an error says of an event.
    fn not_accepted(&self, error: &ClientError) -> Answer {
        if let ClientError::Backlogged { .. } = error {
            self.world.count("event above the limit");
            return Answer::NoRoom;
        }
        let source = std::error::Error::source(error);
        let source = source.and_then(|source| source.downcast_ref::<StoreError>());
        // Where answers get lost, it may have been accepted the time before.
        let sure = !self.world.inner().faults.ambiguous;
        match source {
            Some(StoreError::Full { .. }) if sure => {
                self.world.count("event refused for want of room");
                Answer::NoRoom
            }
            _ => Answer::Lost,
        }
    }

    /// An event after the end is refused.
    async fn too_late(&self, id: &InstanceId) {
        let raised = self
            .commands(false)
            .raise(id, "told", told(1_000), "too-late")
            .await;
        match raised {
            Ok(()) => self
                .world
                .violation(format!("1: `{id}` took an event after its end")),
            Err(ClientError::AlreadyFinished { .. }) => self.world.count("event after the end"),
            Err(_) => {}
        }
    }

    async fn terminate(&self, number: usize, id: &InstanceId) {
        let control = Control::Terminate {
            reason: "planned".to_owned(),
            recursive: true,
        };
        if self.tell(id, control).await {
            self.world.count("terminated");
            let now = self.world.time.now();
            self.record(number, |record| record.terminated = Some(now));
        }
    }

    pub(crate) async fn wait(&self, number: usize, id: &InstanceId, planned: &Planned) {
        loop {
            let commands = self.commands(true);
            let Ok(row) = commands.instance(id).await else {
                self.clock.sleep(100).await;
                continue;
            };
            if row.status.is_terminal() {
                self.world.note(format_args!("{id} is {}", row.status));
                return;
            }
            if matches!(planned.expected, Expected::Stalls) && row.status == InstanceStatus::Stalled
            {
                self.world.count("stalled");
                self.clock.sleep(5_000).await;
                self.terminate(number, id).await;
            }
            commands.changed(&row).await;
        }
    }
}

fn told(number: u64) -> Payload {
    Payload::encode(&Told { number }).unwrap_or_else(|error| unreachable!("a number: {error}"))
}
