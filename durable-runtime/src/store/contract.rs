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
use crate::failure::CallResult;
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
use crate::work::DelayedSignal;
use crate::work::EntityFilter;
use crate::work::EntityListing;
use crate::work::EntityOperation;
use crate::work::EntityPage;
use crate::work::EntityRow;
use crate::work::Heartbeat;
use crate::work::IfExists;
use crate::work::InstanceFilter;
use crate::work::InstancePage;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::NewInstance;
use crate::work::PageToken;
use crate::work::Purged;
use crate::work::SignalRef;
use crate::work::TurnWrite;
use crate::work::UnreadEvent;

/// Where instances, histories, messages and timers are kept.
///
/// Methods are noun-first. Besides the errors named at each, all may return
/// [`StoreError::Unavailable`] and [`StoreError::FileChanged`] (nothing is known to have happened:
/// ask again), [`StoreError::Full`] and [`StoreError::Closed`] (nothing has happened), and
/// [`StoreError::Database`].
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Prepares the hub: creates its tables or migrates them, once, whoever else tries to.
    ///
    /// # Errors
    /// [`StoreError::NewerFormat`] when a newer version of this crate has written the hub.
    async fn hub_open(&self, now: Timestamp) -> Result<HubInfo, StoreError>;

    /// Whether only one process at a time may have a worker on this hub. If so, the store itself
    /// sees to it, and a new worker takes over everything at once.
    fn is_exclusive(&self) -> bool;

    /// Registers a worker. Where the store is exclusive, all other workers are fenced and their
    /// units freed in the same step.
    ///
    /// # Errors
    /// [`StoreError::OwnedElsewhere`] when the store is exclusive and another live process has it.
    async fn worker_start(
        &self,
        worker: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError>;

    /// Prolongs the worker's lease to `now` plus its length.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when another worker has taken over.
    async fn worker_renew(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError>;

    /// Gives all units of the worker back and forgets it. A fenced worker has nothing to give back:
    /// no error.
    async fn worker_stop(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError>;

    /// Lets go of what this process holds for a worker that is dropped without having stopped, so
    /// that another can begin at once. Writes nothing: the next worker fences this one.
    fn worker_abandon(&self, _worker: WorkerId) {}

    /// Registers this worker for `lanes`, and no others, and claims units of them: those that nobody
    /// owns and those whose owner's lease has run out (that owner's epoch is raised first, so that
    /// it is fenced). At most as many as make the worker's fair share among the live workers that
    /// registered for the lane; units above the fair share are given back. Returns all units it owns
    /// now, sorted. Lanes without any instance need not have units yet: this creates them.
    ///
    /// # Errors
    /// [`StoreError::Fenced`].
    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError>;

    /// What the workers of the hub have registered for, sorted: the lanes of those that are there and
    /// not fenced. While there is none, every lane that the hub has ever had.
    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError>;

    /// Creates an instance with its `Start` message, or its start timer when `start_at` is after
    /// `now`, and with the event that it is started with. An instance that exists with the same
    /// `command` counts as created; a command that it remembers (one that asked for a replacement,
    /// or created what was replaced) has no effect and is answered with [`Created::Replacing`].
    ///
    /// The policy goes by what is [shown](Self::instance_fetch) of the instance. One that is used gets
    /// the event; when it has ended, or has `most_unread` events that nobody has read, that is refused.
    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError>;

    /// The instance with this id, as it shows to all but its owner: as if the wishes in its inbox
    /// ([`MessageBody::is_wish`]) were done, in their order. A replacement shows as pending, in the
    /// next execution, with all that the new start brings and nothing of the old; what is suspended
    /// shows as suspended, and what is resumed as running again, or pending if it had not begun. Wishes
    /// that come after the end, other than a replacement, show nothing.
    ///
    /// The other methods for clients go by the same: lists, counts, purges, creations and messages.
    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError>;

    /// Everything a worker needs to go on with an instance, its row as its owner wrote it; `None` when
    /// it was purged. A history that cannot be read is no error here: the worker has to write that down.
    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError>;

    /// Whether the instance is in that execution and has not ended, as its owner wrote it: whatever
    /// it shows meanwhile, its locks are held.
    async fn execution_lives(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<bool, StoreError>;

    /// The instances of `units` with `load_at_start`, by ascending key, after `after`.
    async fn instances_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError>;

    /// A page of instances by ascending key: at most `limit`, and at least room for one. Never skips
    /// or repeats a row, whatever is written between two pages.
    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError>;

    /// How many instances `filter` wants.
    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError>;

    /// Deletes instances that have ended and that `filter` wants, after `after`, with all that is
    /// stored of them: at most `limit` (and at least one) in one transaction. With `children`, also
    /// the sub-orchestrations below them that have ended, the lowest first, detached ones excepted;
    /// an instance goes only after or with those. One that is to be replaced shows as pending, so it
    /// stays.
    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError>;

    /// The turns of an execution that are kept, oldest first; those before its last checkpoint too.
    ///
    /// # Errors
    /// [`StoreError::UnreadableHistory`].
    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError>;

    /// Sends a client's message to an instance that does not show as ended. The same `command` again
    /// has no effect ([`Sent::Repeated`]), even after the instance has ended. An event is refused when
    /// there are `most_unread` already that nobody has read; a replacement begins with none.
    ///
    /// The number is kept with the instance: one more for each event that is accepted, and set anew by
    /// each [turn that has read some](TurnWrite::unread), to what its execution holds and the events
    /// in the inbox.
    async fn message_send(
        &self,
        id: &InstanceId,
        command: &str,
        body: &MessageBody,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Sent, StoreError>;

    /// A page of the messages to instances of `units` that are not parked, by ascending id after
    /// `after`: at most `limit`, and at least room for one, those that cannot be read included. The
    /// ones with an id in `except` (ascending: the ones that the worker has in memory) are left out.
    ///
    /// A lower id may become visible after a higher one, so that each look begins with the first
    /// page.
    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError>;

    /// What tells which events an instance was sent and has not read, all of one moment. Of one that
    /// is to be replaced, what is to come. Turns that cannot be read are left out, all of them.
    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError>;

    /// Sends a client's operation to an entity, which is created if there is none. One that is due
    /// after `now` is parked until a timer, which is set with it. The same command again has no
    /// effect while it is remembered.
    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError>;

    /// The delayed signals that are on their way to an entity, by ascending id: those after `after`,
    /// no more than `limit`.
    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError>;

    /// Takes a delayed signal back, with its timer unless another is due at the same time. A commit
    /// that has [run it](TurnWrite::delayed) comes before, or is refused.
    ///
    /// Returns whether it is withdrawn by this command, which is remembered as a sent one is: a
    /// repeated one has the same answer.
    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Everything a worker needs to go on with an entity; `None` when there is none.
    async fn entity_load(&self, key: InstanceKey) -> Result<Option<LoadedEntity>, StoreError>;

    /// The entities of `units` with `load_at_start`, in order of creation, after `after`.
    async fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError>;

    /// The entity with this id, with its state; `None` when it has no state, is not locked and
    /// nothing waits for it.
    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError>;

    /// A page of those entities that [`entity_fetch`](Self::entity_fetch) finds, by name and key
    /// after `after`: at most `limit`, and at least room for one.
    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError>;

    /// The answer to a client's command to an entity, once there is one.
    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError>;

    /// Forgets the clients' commands to entities, and their answers, that are to be remembered until
    /// `until` or less.
    async fn answers_expire(&self, until: Timestamp) -> Result<(), StoreError>;

    /// A page of the timers of instances of `units` due at or before `until`, by due time (then in
    /// the order in which they were created), behind `after`: at most `limit`, and at least room for
    /// one. A timer that cannot be read is left out.
    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError>;

    /// Writes turns: all of them or none. The first statement fences: it replaces the worker's
    /// commit id by a new one and fails if epoch or commit id are not the expected ones. On success
    /// `lease` carries the new commit id, which is one more than the last. An empty list of turns
    /// does nothing.
    ///
    /// Then follows one kind of write after the other, each over all turns in their order: history,
    /// history deleted; messages deleted, unparked, parked; updates (one that ends an execution, by a terminal status
    /// or a new input, also deletes the instance's timers and heartbeats); timers deleted, created
    /// (one that is set already gets the new due time); starts; sends; heartbeats; replacements
    /// (which delete timers and heartbeats too); entities; answers (to commands that are remembered).
    /// So a message reaches an instance that the same commit starts. A message to an entity that
    /// does not exist creates it; one with a due time after `now` is parked, and sets the entity's
    /// timer for that time.
    ///
    /// # Errors
    /// [`StoreError::Fenced`]: stop, drop all continuations, come back as a new worker.
    /// [`StoreError::Conflict`]: one of the turns breaks a constraint (its history row exists).
    /// [`StoreError::SignalWithdrawn`]: one of the turns has run a delayed signal that is not there.
    /// After any other error the caller does not know whether the commit happened: it asks
    /// [`commit_outcome`](Self::commit_outcome).
    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError>;

    /// The commit id that is stored for this worker, waiting for a commit of it that is under way.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] when the worker is unknown or its epoch was raised.
    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError>;

    /// Lets go of the store, for all that share it: what is asked of it from now on is refused with
    /// [`StoreError::Closed`]. What is under way ends first, if that does not take long. A store in
    /// a file is whole in that file afterwards, unless another process has it open. Closing again
    /// does nothing.
    async fn close(&self);

    /// Everything that is stored, as text in a fixed order, without what may differ between two
    /// stores that did the same (row numbers, commit ids). For tests that compare stores.
    async fn dump(&self) -> Result<String, StoreError>;
}

/// What a hub is.
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
    /// The stored format of the hubs that this version creates, and the newest it knows.
    pub const FORMAT: u32 = 1;
}

/// A worker that wants to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorker {
    /// What people see it as.
    pub name: String,
    /// How long it may be silent before others take over.
    pub lease: Duration,
}

/// A worker's hold on its units: the fence of every commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerLease {
    /// The worker.
    pub worker: WorkerId,
    /// Raised by whoever takes over.
    pub epoch: u64,
    /// The worker's last commit.
    pub commit_id: u64,
    /// How long it may be silent before others take over.
    pub length: Duration,
}

/// What became of a creation.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was created now (or earlier, by the same command).
    Created,
    /// It was there, and the policy is to use it.
    Existed,
    /// It was there and will be replaced by its owner.
    Replacing,
    /// It was there, and the policy is to refuse. Nothing was written.
    Refused(InstanceStatus),
    /// It was there, and has as many unread events as it may have. Nothing was written.
    Backlogged,
}

/// What became of a message.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is in the inbox.
    Accepted,
    /// The same command was accepted before.
    Repeated,
    /// There is no such instance.
    NotFound,
    /// The instance has ended.
    Finished(InstanceStatus),
    /// The instance has as many unread events as it may have.
    Backlogged,
}

/// What tells which events an instance was sent and has not read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unread {
    /// The turns of its current execution from its last checkpoint on: some of what they took may
    /// not have been read.
    pub turns: Vec<TurnRecord>,
    /// What no turn has taken, oldest first.
    pub inbox: Vec<UnreadEvent>,
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

/// Everything a worker needs to go on with an instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The row.
    pub instance: InstanceRow,
    /// The turns of the current execution, oldest first; from the last checkpoint on if there is one.
    /// Or why they cannot be read.
    pub turns: Result<Vec<TurnRecord>, HistoryError>,
    /// Its inbox, parked messages included, by ascending id.
    pub inbox: Vec<Message>,
    /// Those of its inbox that cannot be read, likewise.
    pub unreadable: Vec<UnreadableMessage>,
    /// Progress of its activities.
    pub heartbeats: Vec<Heartbeat>,
}

/// A delayed signal that is to be withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalWithdrawal {
    /// Which one is meant.
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
    /// What is to be run.
    pub operation: EntityOperation,
    /// How long the command and its answer are to be remembered; for good, if absent.
    pub remember_until: Option<Timestamp>,
}

/// What became of a client's operation.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntitySent {
    /// The entity.
    pub key: InstanceKey,
    /// Whether the same command was accepted before.
    pub repeated: bool,
}

/// Everything a worker needs to go on with an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedEntity {
    /// The row.
    pub entity: EntityRow,
    /// Its inbox, parked messages included, by ascending id.
    pub inbox: Vec<Message>,
    /// Which of them are parked.
    pub parked: Vec<MessageId>,
}
