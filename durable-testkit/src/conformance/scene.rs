//! What most cases begin with: an open hub with a worker that owns one lane.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::commands::IfExists;
use durable_runtime::history::FORMAT;
use durable_runtime::history::ParentLink;
use durable_runtime::ids::CallPath;
use durable_runtime::ids::Execution;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::ids::fnv1a64;
use durable_runtime::salt::Salt;
use durable_runtime::store::Created;
use durable_runtime::store::InboxMessage;
use durable_runtime::store::InstanceCommand;
use durable_runtime::store::NewWorker;
use durable_runtime::store::Sent;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::WorkerLease;
use durable_runtime::work::HistoryRow;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::InstanceUpdate;
use durable_runtime::work::Message;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::Timer;
use durable_runtime::work::TurnWrite;

/// How long the leases of the cases' workers are.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// The time at which the cases begin.
pub(super) const START: Timestamp = Timestamp::from_millis(1_000_000);

/// An open hub with a worker that owns the lane of the orchestrator `greet`, version 1.
#[derive(Debug)]
pub(super) struct Scene {
    /// The store.
    pub(super) store: Arc<dyn Store>,
    /// The worker's hold.
    pub(super) lease: WorkerLease,
    /// Its units.
    pub(super) units: Vec<Unit>,
    /// The time.
    pub(super) now: Timestamp,
    /// How many events an instance may have unread.
    pub(super) most_unread: u64,
}

impl Scene {
    /// Opens the hub and starts the worker.
    pub(super) async fn new(store: Arc<dyn Store>) -> Self {
        store.hub_open(START).await.unwrap();
        let lease = store.worker_start(worker("first"), START).await.unwrap();
        let units = store.units_claim(&lease, &[lane()], START).await.unwrap();
        Self {
            store,
            lease,
            units,
            now: START,
            most_unread: u64::MAX,
        }
    }

    /// Claims the units of these lanes.
    pub(super) async fn claim(&mut self, lanes: &[Lane]) {
        let units = self.store.units_claim(&self.lease, lanes, self.now);
        self.units = units.await.unwrap();
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
    }

    /// Creates an instance that must be new.
    pub(super) async fn create(&self, new: &NewInstance) -> InstanceRow {
        let created = self.create_if(new, &IfExists::Fail).await;
        assert_eq!(created, Created::Created);
        self.fetch(&new.id).await
    }

    /// Creates the instance `id` of `greet`.
    pub(super) async fn greet(&self, id: &str) -> InstanceRow {
        self.create(&new_instance(id)).await
    }

    /// Creates an instance by a policy.
    pub(super) async fn create_if(&self, new: &NewInstance, if_exists: &IfExists) -> Created {
        let created = self
            .store
            .instance_create(new, if_exists, self.most_unread, self.now);
        created.await.unwrap()
    }

    /// The row of an instance that exists.
    pub(super) async fn fetch(&self, id: &InstanceId) -> InstanceRow {
        let row = self.store.instance_fetch(id).await.unwrap();
        row.expect("the case has created this instance")
    }

    /// Sends a message from a client.
    pub(super) async fn send(&self, id: &str, command: &str, body: &MessageBody) -> Sent {
        self.send_unless(id, command, body, &[]).await
    }

    /// Sends a message that orchestrators of these lanes do not take.
    pub(super) async fn send_unless(
        &self,
        id: &str,
        command: &str,
        body: &MessageBody,
        refused_by: &[Lane],
    ) -> Sent {
        let id = InstanceId::new(id).unwrap();
        let command = InstanceCommand {
            command: command.to_owned(),
            body: body.clone(),
            refused_by: refused_by.to_vec(),
            most_unread: self.most_unread,
        };
        let sent = self.store.message_send(&id, &command, self.now);
        sent.await.unwrap()
    }

    /// Commits turns that must succeed.
    pub(super) async fn commit(&mut self, turns: &[TurnWrite]) {
        self.try_commit(turns).await.unwrap();
    }

    /// Commits turns.
    pub(super) async fn try_commit(&mut self, turns: &[TurnWrite]) -> Result<(), StoreError> {
        let commit = self.store.commit(&mut self.lease, turns, self.now);
        commit.await
    }

    /// All messages that polling finds.
    pub(super) async fn inbox(&self) -> Vec<InboxMessage> {
        let page = self.store.inbox_fetch(&self.units, &[], None, 1_000);
        page.await.unwrap().messages
    }

    /// All timers that are due at `until`, with their units.
    pub(super) async fn timers_due(&self, until: Timestamp) -> Vec<(Unit, Timer)> {
        let page = self.store.timers_due(&self.units, until, None, 1_000);
        page.await.unwrap().timers
    }

    /// The messages of an instance, parked ones included.
    pub(super) async fn messages(&self, row: &InstanceRow) -> Vec<Message> {
        let loaded = self.store.instance_load(row.key).await.unwrap();
        loaded.expect("the case has created this instance").inbox
    }

    /// Ends an instance.
    pub(super) async fn end(&mut self, row: &InstanceRow, status: InstanceStatus) {
        let mut write = TurnWrite::new(row.key, row.unit);
        write.update = Some(update(status, row.execution));
        self.commit(&[write]).await;
    }
}

/// A worker of this name.
pub(super) fn worker(name: &str) -> NewWorker {
    NewWorker {
        name: name.to_owned(),
        lease: LEASE,
    }
}

/// The lane of the orchestrator `greet`, version 1.
pub(super) fn lane() -> Lane {
    Lane::orchestrator("greet", "1")
}

/// An instance of `greet` that is to be created by a command of its own.
pub(super) fn new_instance(id: &str) -> NewInstance {
    NewInstance {
        id: InstanceId::new(id).unwrap(),
        salt: salt_of(id),
        name: "greet".to_owned(),
        version: "1".to_owned(),
        input: Some(payload(id)),
        tags: BTreeMap::new(),
        parent: None,
        start_at: None,
        command: format!("create {id}"),
        headers: BTreeMap::new(),
        event: None,
    }
}

/// A salt that goes by this text.
pub(super) fn salt_of(text: &str) -> Salt {
    Salt::from_bits(u128::from(fnv1a64(text.as_bytes())))
}

/// A recorded text.
pub(super) fn payload(text: &str) -> Payload {
    Payload::encode(text).unwrap()
}

/// An external event.
pub(super) fn raised(name: &str) -> MessageBody {
    MessageBody::EventRaised {
        name: name.to_owned(),
        payload: payload(name),
    }
}

/// The `number`th call of `row` as a parent.
pub(super) fn parent_of(row: &InstanceRow, number: u32) -> ParentLink {
    ParentLink {
        key: row.key,
        instance: row.id.clone(),
        execution: row.execution,
        path: CallPath::root().child(number),
        depth: 1,
        detached: false,
    }
}

/// An update that changes status and execution only.
pub(super) fn update(status: InstanceStatus, execution: Execution) -> InstanceUpdate {
    InstanceUpdate {
        status,
        execution,
        input: None,
        output: None,
        custom_status: None,
        stalled: None,
        load_at_start: false,
        checkpoint: None,
    }
}

/// A turn of an instance without events.
pub(super) fn turn(row: &InstanceRow, number: u64) -> TurnWrite {
    let mut write = TurnWrite::new(row.key, row.unit);
    write.history = Some(HistoryRow {
        execution: row.execution,
        turn: number,
        format: FORMAT,
        at: START,
        events: "[]".to_owned(),
    });
    write
}

/// The ids of fetched messages.
pub(super) fn message_ids(messages: &[InboxMessage]) -> Vec<MessageId> {
    let ids = messages.iter().map(|message| message.message.id);
    ids.map(|id| id.expect("messages of an inbox have ids"))
        .collect()
}

/// The bodies of messages.
pub(super) fn bodies(messages: &[Message]) -> Vec<&MessageBody> {
    messages.iter().map(|message| &message.body).collect()
}
