//! A store that remembers in order what was written, for timelines and for forking the past.

use std::sync::Arc;
use std::sync::Mutex;

use async_trait::async_trait;
use durable_runtime::InstanceId;
use durable_runtime::Timestamp;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::commands::PageToken;
use durable_runtime::commands::Purged;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::store::Created;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::EntitySent;
use durable_runtime::store::InboxPage;
use durable_runtime::store::InstanceCommand;
use durable_runtime::store::NewWorker;
use durable_runtime::store::Sent;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::StoreLayer;
use durable_runtime::store::WorkerLease;
use durable_runtime::work::NewInstance;
use durable_runtime::work::Timer;
use durable_runtime::work::TurnWrite;

use super::points::PersistencePoint;
use super::points::Points;
use crate::lock::lock;

/// Something that was written, and when.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) at: Timestamp,
    pub(crate) operation: Operation,
}

/// What was written.
#[derive(Debug, Clone)]
pub(crate) enum Operation {
    WorkerStart(NewWorker),
    UnitsClaim(Vec<Lane>),
    Create(Box<NewInstance>, IfExists),
    Send(InstanceId, Box<InstanceCommand>),
    EntitySend(EntityId, Box<EntityCommand>),
    Withdraw(EntityId, SignalWithdrawal),
    Commit(Vec<TurnWrite>),
    Purge(Box<InstanceFilter>, bool, Option<PageToken>, u32),
}

impl Written {
    /// Writes the same to another store.
    async fn repeat(&self, store: &dyn Store, lease: &mut Option<WorkerLease>) {
        let at = self.at;
        let done = match (&self.operation, lease.as_mut()) {
            (Operation::WorkerStart(worker), _) => {
                let started = store.worker_start(worker.clone(), at).await;
                started.map(|started| *lease = Some(started))
            }
            (Operation::UnitsClaim(lanes), Some(lease)) => {
                store.units_claim(lease, lanes, at).await.map(drop)
            }
            (Operation::Commit(turns), Some(lease)) => store.commit(lease, turns, at).await,
            (Operation::Create(instance, if_exists), _) => store
                .instance_create(instance, if_exists, u64::MAX, at)
                .await
                .map(drop),
            (Operation::Send(id, command), _) => {
                let command = InstanceCommand {
                    most_unread: u64::MAX,
                    ..(**command).clone()
                };
                store.message_send(id, &command, at).await.map(drop)
            }
            (Operation::EntitySend(id, command), _) => {
                store.entity_send(id, command, at).await.map(drop)
            }
            (Operation::Withdraw(id, withdrawal), _) => {
                store.signal_withdraw(id, withdrawal, at).await.map(drop)
            }
            (Operation::Purge(filter, children, after, limit), _) => store
                .instances_purge(filter, *children, *after, *limit)
                .await
                .map(drop),
            (Operation::UnitsClaim(_) | Operation::Commit(_), None) => Ok(()),
        };
        if let Err(error) = done {
            panic!("the past of this hub cannot be written again: {error}");
        }
    }
}

/// Brings an empty store to where another one was after `past`.
pub(crate) async fn repeat_all(past: &[Written], store: &dyn Store) {
    let mut lease = None;
    for written in past {
        written.repeat(store, &mut lease).await;
    }
}

/// The store of a hub: passes everything on, remembers writes, passes persistence points.
#[derive(Debug)]
pub(crate) struct RecordingStore {
    inner: Arc<dyn Store>,
    points: Arc<Points>,
    written: Mutex<Vec<Written>>,
    units: Mutex<Vec<Unit>>,
}

impl RecordingStore {
    pub(crate) fn new(inner: Arc<dyn Store>, points: &Arc<Points>, past: Vec<Written>) -> Self {
        Self {
            inner,
            points: Arc::clone(points),
            written: Mutex::new(past),
            units: Mutex::default(),
        }
    }

    /// Everything that was written up to now.
    pub(crate) fn written(&self) -> Vec<Written> {
        lock(&self.written).clone()
    }

    /// How much was written up to now.
    pub(crate) fn len(&self) -> usize {
        lock(&self.written).len()
    }

    /// Whether turns were committed since so much was written.
    pub(crate) fn committed_since(&self, written: usize) -> bool {
        let all = lock(&self.written);
        let mut since = all.iter().skip(written);
        since.any(|done| matches!(done.operation, Operation::Commit(_)))
    }

    /// The timers that are set, the first due first.
    pub(crate) async fn timers(&self) -> Result<Vec<Timer>, StoreError> {
        const MANY: u32 = 1_000;
        let units = lock(&self.units).clone();
        let end_of_time = Timestamp::from_millis(i64::MAX);
        let page = self
            .inner
            .timers_due(&units, end_of_time, None, MANY)
            .await?;
        Ok(page.timers.into_iter().map(|(_, timer)| timer).collect())
    }

    fn record(&self, at: Timestamp, operation: Operation) {
        lock(&self.written).push(Written { at, operation });
    }
}

#[async_trait]
impl StoreLayer for RecordingStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn worker_start(
        &self,
        worker: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        let lease = self.inner.worker_start(worker.clone(), now).await?;
        self.record(now, Operation::WorkerStart(worker));
        Ok(lease)
    }

    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        let units = self.inner.units_claim(lease, lanes, now).await?;
        lock(&self.units).clone_from(&units);
        self.record(now, Operation::UnitsClaim(lanes.to_vec()));
        Ok(units)
    }

    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let created = self
            .inner
            .instance_create(instance, if_exists, most_unread, now);
        let created = created.await?;
        let operation = Operation::Create(Box::new(instance.clone()), if_exists.clone());
        self.record(now, operation);
        Ok(created)
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        let sent = self.inner.message_send(id, command, now).await?;
        let operation = Operation::Send(id.clone(), Box::new(command.clone()));
        self.record(now, operation);
        Ok(sent)
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        let sent = self.inner.entity_send(id, command, now).await?;
        let operation = Operation::EntitySend(id.clone(), Box::new(command.clone()));
        self.record(now, operation);
        Ok(sent)
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        let purged = self
            .inner
            .instances_purge(filter, children, after, limit)
            .await?;
        // A purge has no time of its own; what is left does not depend on it.
        let last = lock(&self.written).last().map(|written| written.at);
        let at = last.unwrap_or(Timestamp::from_millis(0));
        let operation = Operation::Purge(Box::new(filter.clone()), children, after, limit);
        self.record(at, operation);
        Ok(purged)
    }

    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        let page = self.inner.inbox_fetch(units, except, after, limit).await?;
        if !page.messages.is_empty() {
            self.points.pass(PersistencePoint::BeforeDelivery).await;
        }
        Ok(page)
    }

    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.points.pass(PersistencePoint::BeforeCommit).await;
        self.inner.commit(lease, turns, now).await?;
        self.record(now, Operation::Commit(turns.to_vec()));
        self.points.pass(PersistencePoint::AfterCommit).await;
        Ok(())
    }

    // What only asks is passed on.

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let withdrawn = self.inner.signal_withdraw(id, withdrawal, now).await?;
        let operation = Operation::Withdraw(id.clone(), withdrawal.clone());
        self.record(now, operation);
        Ok(withdrawn)
    }
}
