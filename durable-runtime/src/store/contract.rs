//! The contract of a store.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde::Serialize;

use super::InboxPage;
use super::StoreError;
use super::TimerPage;
use super::TimerPlace;
use super::UnreadableMessage;
use crate::clock::Timestamp;
use crate::commands::DelayedSignal;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::commands::EntityPage;
use crate::commands::IfExists;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::failure::CallResult;
use crate::history::ExternalEvent;
use crate::history::HistoryError;
use crate::history::TurnRecord;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::ids::WorkerId;
use crate::work::EntityOperation;
use crate::work::EntityRow;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::NewInstance;
use crate::work::SignalRef;
use crate::work::TurnWrite;

/// Stores instances, histories, messages and timers.
///
/// Methods are noun-first. Besides the errors named at each, all may return
/// [`StoreError::Unavailable`] and [`StoreError::FileChanged`] (the caller does not know whether
/// anything happened: ask again), [`StoreError::Full`] and [`StoreError::Closed`] (nothing has
/// happened), and [`StoreError::Database`].
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Prepares the hub: creates or migrates its tables, once, even if several callers try at the
    /// same time.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] if a newer version of this crate has written the hub.
    async fn hub_open(&self, now: Timestamp) -> Result<HubInfo, StoreError>;

    /// Returns whether only one process at a time may have a worker on this hub. If so, the store
    /// itself enforces it, and a new worker takes over everything at once.
    fn is_exclusive(&self) -> bool;

    /// Registers a worker. If the store is exclusive, it fences all other workers and frees their
    /// units in the same step.
    ///
    /// # Errors
    /// [`StoreError::OwnedElsewhere`] if the store is exclusive and another live process has it.
    async fn worker_start(
        &self,
        worker: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError>;

    /// Extends the worker's lease to `now` plus its length.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if another worker has taken over.
    async fn worker_renew(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError>;

    /// Gives up all units of the worker and forgets it. A fenced worker has nothing to give up;
    /// that is no error.
    async fn worker_stop(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError>;

    /// Releases what this process holds for a worker that is dropped without having stopped, so
    /// that another can begin at once. Writes nothing: the next worker fences this one.
    // Not async and without an answer: it is called while a runtime is dropped, where nothing can
    // be awaited.
    fn worker_abandon(&self, _worker: WorkerId) {}

    /// Registers this worker for `lanes`, and no others, and claims units of them: units without an
    /// owner, and units whose owner's lease has run out (it first raises that owner's epoch, which
    /// fences the owner). It claims at most the worker's fair share among the live workers that
    /// registered for the lane, and gives up units above the fair share. Returns all units that the
    /// worker now owns, sorted. A lane without any instance may have no units yet: this creates
    /// them.
    ///
    /// # Errors
    /// [`StoreError::Fenced`].
    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError>;

    /// Returns the lanes for which the workers of the hub have registered, sorted. Fenced workers
    /// do not count. If there is no worker, returns every lane that the hub has ever had.
    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError>;

    /// Creates an instance with its `Start` message, or with its start timer if `start_at` is after
    /// `now`, and with its first event if it has one. If an instance with the same `command`
    /// exists, it counts as created. A command that the store remembers (because it asked for a
    /// replacement, or created the replaced instance) has no effect and is answered with
    /// [`Created::Replacing`].
    ///
    /// The policy depends on the [visible status](Self::instance_fetch) of the instance. An
    /// existing instance that is used gets the event; the event is refused if the instance has
    /// ended or has `most_unread` unread events.
    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError>;

    /// Returns the instance with this id, as it shows to everybody but its owner: as if the
    /// requests in its inbox ([`MessageBody::is_wish`]) were done, in their order. A replacement
    /// shows as pending, in the next execution, with the data of the new start and nothing of the
    /// old. A suspended instance shows as suspended. A resumed one shows as running again, or as
    /// pending if it had not begun. Requests after the end, other than a replacement, show nothing.
    ///
    /// The other methods for clients follow the same rule: lists, counts, purges, creations and
    /// messages.
    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError>;

    /// Returns everything that a worker needs to continue an instance, with the row as its owner
    /// wrote it; `None` if the instance was purged. A history that cannot be read is no error here:
    /// the worker has to record that.
    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError>;

    /// Returns whether the instance is in that execution and has not ended, as its owner wrote it.
    /// As long as that is so, its locks are held, whatever the instance shows.
    async fn execution_lives(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<bool, StoreError>;

    /// Returns the instances of `units` with `load_at_start`, by ascending key, after `after`.
    async fn instances_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError>;

    /// Returns a page of instances by ascending key: at most `limit`, and at least one. Never skips
    /// or repeats a row, whatever is written between two pages.
    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError>;

    /// Returns how many instances match `filter`.
    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError>;

    /// Deletes ended instances after `after` that match `filter`, with all that is stored of them:
    /// at most `limit` (and at least one) in one transaction. With `children`, it also deletes the
    /// ended sub-orchestrations below them, except detached ones; the lowest go first, and an
    /// instance never goes before them. An instance that is about to be replaced shows as pending,
    /// so it stays. A transaction that looks at many rows and finds few that match may delete fewer than
    /// `limit`, and says where to continue.
    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError>;

    /// Returns the kept turns of an execution, oldest first, including those before its last
    /// checkpoint.
    ///
    /// # Errors
    /// [`StoreError::UnreadableHistory`].
    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError>;

    /// Sends a client's message to an instance that does not show as ended. Repeating the same
    /// command has no effect ([`Sent::Repeated`]), even after the instance has ended. An event is
    /// refused if there are already as many unread events as there may be; a replacement begins
    /// with none.
    ///
    /// The store keeps this number with the instance. Each accepted event adds one. Each [turn that
    /// has read some](TurnWrite::unread) sets it anew, to the unread events of its execution and
    /// the events in the inbox.
    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        now: Timestamp,
    ) -> Result<Sent, StoreError>;

    /// Returns a page of the messages to instances of `units`, by ascending id after `after`: at
    /// most `limit`, and at least one. It includes messages that cannot be read, and leaves out
    /// parked messages and those with an id in `except` (ascending: the messages that the worker
    /// has in memory).
    ///
    /// A lower id may become visible after a higher one, so each look begins with the first page.
    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError>;

    /// Returns the data that shows which events an instance was sent and has not read, all from one
    /// moment. For an instance that is about to be replaced, this is the data of the replacement.
    /// If a turn cannot be read, all turns are left out.
    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError>;

    /// Returns how many those events are, as counted for the limit on them; `None` if there is no such
    /// instance.
    async fn events_unread_count(&self, id: &InstanceId) -> Result<Option<u64>, StoreError>;

    /// Returns the progress that the running activities of an instance have reported, in no order.
    /// For an instance that is about to be replaced, it is the progress of the old one.
    async fn heartbeats_fetch(&self, key: InstanceKey) -> Result<Vec<Heartbeat>, StoreError>;

    /// Sends a client's operation to an entity, and creates the entity if there is none. An
    /// operation that is due after `now` is parked, and a timer is set with it. Repeating the same
    /// command has no effect while the command is remembered.
    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError>;

    /// Returns the delayed signals that have not been delivered to an entity yet, by ascending id:
    /// at most `limit` after `after`.
    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError>;

    /// Withdraws a delayed signal, with its timer unless another signal is due at the same time. A
    /// commit that has [run it](TurnWrite::delayed) either comes before, or is refused.
    ///
    /// Returns whether this command withdrew it. The command is remembered like a sent one: if it
    /// is repeated, the answer is the same.
    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Returns everything that a worker needs to continue an entity; `None` if there is none.
    async fn entity_load(&self, key: InstanceKey) -> Result<Option<LoadedEntity>, StoreError>;

    /// Returns the entities of `units` with `load_at_start`, in order of creation, after `after`.
    async fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError>;

    /// Returns the entity with this id, with its state; `None` if it has no state, is not locked
    /// and no message waits for it.
    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError>;

    /// Returns a page of the entities that [`entity_fetch`](Self::entity_fetch) finds, by name and
    /// key after `after`: at most `limit`, and at least one.
    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError>;

    /// Returns the answer to a client's command to an entity, once there is one.
    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError>;

    /// Forgets the clients' commands to entities, with their answers, whose time to be remembered
    /// ends at `until` or before: at most `limit`, and at least one, the oldest first. Returns whether
    /// there may be more.
    async fn answers_expire(&self, until: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// Returns a page of the timers of instances of `units` that are due at or before `until`, by
    /// due time (then in the order in which they were created), after `after`: at most `limit`, and
    /// at least one. A timer that cannot be read is left out.
    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError>;

    /// Writes turns: all of them or none. The first statement fences: it replaces the worker's
    /// commit id by a new one, and fails unless epoch and commit id are the expected ones. On
    /// success `lease` carries the new commit id, which is one more than the last. An empty list of
    /// turns does nothing.
    ///
    /// Then one kind of write follows another, each for all turns in their order: history, deleted
    /// history; messages deleted, unparked, parked; updates (one that ends an execution, by a
    /// terminal status or a new input, also deletes the instance's timers and heartbeats); timers
    /// deleted, created (a timer that is already set gets the new due time); starts; sends;
    /// heartbeats; replacements (which also delete timers and heartbeats); entities; answers (to
    /// commands that are remembered). Therefore a message can reach an instance that the same
    /// commit starts. A message to an entity that does not exist creates the entity. A message with
    /// a due time after `now` is parked, and the entity's timer is set for that time.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: stop, drop all continuations, and come back as a new worker.
    /// [`StoreError::Conflict`]: one of the turns breaks a constraint (its history row exists).
    /// [`StoreError::SignalWithdrawn`]: one of the turns has run a delayed signal that is no longer
    /// there. After any other error the caller does not know whether the commit happened, and calls
    /// [`commit_outcome`](Self::commit_outcome).
    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// Returns the stored commit id of this worker. Waits first for a running commit of the worker.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the worker is unknown or its epoch was raised.
    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError>;

    /// Closes the store for all that share it: later calls are refused with [`StoreError::Closed`].
    /// Running calls end first, if that does not take long. A store in a file is then complete in
    /// that file, unless another process has it open. Closing it again does nothing.
    async fn close(&self);

    /// Returns everything that is stored, as text in a fixed order, except what may differ between
    /// two stores that did the same (row numbers, commit ids). For tests that compare stores.
    async fn dump(&self) -> Result<String, StoreError>;
}

/// The properties of a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubInfo {
    /// Its name.
    pub name: String,
    /// The stored format it was created with.
    pub format: u32,
    /// Partitions of each lane.
    pub partitions: u16,
}

impl HubInfo {
    /// The stored format of new hubs, and the newest that this version knows.
    pub const FORMAT: u32 = 1;
}

/// A worker that is about to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorker {
    /// A name for people.
    pub name: String,
    /// How long the worker may be silent before others take over.
    pub lease: Duration,
}

/// A worker's hold on its units: the fence of every commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerLease {
    /// The worker.
    pub worker: WorkerId,
    /// The number that a new owner raises to fence this one off.
    pub epoch: u64,
    /// The worker's last commit.
    pub commit_id: u64,
    /// How long the worker may be silent before others take over.
    pub length: Duration,
}

/// The result of a creation.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The instance was created now (or earlier, by the same command).
    Created,
    /// The instance existed, and the policy is to use it.
    Existed,
    /// The instance existed, and its owner will replace it.
    Replacing,
    /// The instance existed, and the policy is to refuse. Nothing was written.
    Refused(InstanceStatus),
    /// The instance existed and has the most unread events that it may have. Nothing was written.
    Backlogged,
}

/// A message that a client sends to an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceCommand {
    /// Makes repetitions count once.
    pub command: String,
    /// The message.
    pub body: MessageBody,
    /// The lanes of the orchestrators that cannot take the message. An instance of one of them
    /// refuses it ([`Sent::Refused`]), unless it has ended.
    pub refused_by: Vec<Lane>,
    /// How many unread events the instance may have.
    pub most_unread: u64,
}

/// The result of sending a message.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The message is in the inbox.
    Accepted,
    /// The same command was accepted before.
    Repeated,
    /// There is no such instance.
    NotFound,
    /// The instance has ended.
    Finished(InstanceStatus),
    /// The instance is one of an orchestrator that cannot take the message; this is its lane.
    Refused(Lane),
    /// The instance has the most unread events that it may have.
    Backlogged,
}

/// The data that shows which events an instance was sent and has not read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unread {
    /// The turns of its current execution from its last checkpoint on. The execution may not have
    /// read all events that these turns took.
    pub turns: Vec<TurnRecord>,
    /// The events that no turn has taken, oldest first.
    pub inbox: Vec<ExternalEvent>,
}

/// A message in an inbox, with its receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboxMessage {
    /// The receiver.
    pub key: InstanceKey,
    /// Its unit.
    pub unit: Unit,
    /// The message; its id is present.
    pub message: Message,
}

/// Everything that a worker needs to continue an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The row.
    pub instance: InstanceRow,
    /// The turns of the current execution, oldest first; if it has a checkpoint, from the last one
    /// on. An error says why they cannot be read.
    pub turns: Result<Vec<TurnRecord>, HistoryError>,
    /// Its inbox, including parked messages, by ascending id.
    pub inbox: Vec<Message>,
    /// The messages of its inbox that cannot be read, by ascending id.
    pub unreadable: Vec<UnreadableMessage>,
    /// Progress of its activities.
    pub heartbeats: Vec<Heartbeat>,
}

/// A request to withdraw a delayed signal.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalWithdrawal {
    /// The signal.
    pub signal: SignalRef,
    /// Makes repetitions count once.
    pub command: String,
    /// Until when the command is remembered, once it has taken effect.
    pub remember_until: Option<Timestamp>,
}

/// An operation that a client sends to an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityCommand {
    /// Makes repetitions count once.
    pub command: String,
    /// The operation to run.
    pub operation: EntityOperation,
    /// How long to remember the command and its answer; for ever if absent.
    pub remember_until: Option<Timestamp>,
}

/// The result of sending a client's operation.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntitySent {
    /// The entity.
    pub key: InstanceKey,
    /// Whether the same command was accepted before.
    pub repeated: bool,
}

/// Everything that a worker needs to continue an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedEntity {
    /// The row.
    pub entity: EntityRow,
    /// Its inbox, including parked messages, by ascending id.
    pub inbox: Vec<Message>,
    /// The parked messages among them.
    pub parked: Vec<MessageId>,
}
