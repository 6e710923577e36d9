//! The store itself.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use async_trait::async_trait;

use super::tables::Tables;
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
use crate::history::TurnRecord;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::store::Created;
use crate::store::EntityCommand;
use crate::store::EntitySent;
use crate::store::HubInfo;
use crate::store::InboxPage;
use crate::store::InstanceCommand;
use crate::store::Loaded;
use crate::store::LoadedEntity;
use crate::store::NewWorker;
use crate::store::Sent;
use crate::store::SignalWithdrawal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::TimerPage;
use crate::store::TimerPlace;
use crate::store::Unread;
use crate::store::WorkerLease;
use crate::store::creation::new_hub;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::NewInstance;
use crate::work::TurnWrite;

/// A store in memory: the specification of all others. Clones share the stored data.
///
/// ```
/// use durable_runtime::Timestamp;
/// use durable_runtime::store::{ModelStore, Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let hub = ModelStore::new().hub_open(Timestamp::from_millis(0)).await.unwrap();
/// assert_eq!(hub.partitions, 8);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct ModelStore {
    tables: Arc<Mutex<Tables>>,
    closed: Arc<AtomicBool>,
    exclusive: bool,
}

impl ModelStore {
    /// Creates an empty store that several workers can share.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an empty store that only one worker at a time can use: the specification of embedded
    /// databases.
    pub fn exclusive() -> Self {
        Self {
            exclusive: true,
            ..Self::default()
        }
    }

    fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            let action = "use the store";
            return Err(StoreError::Closed { action });
        }
        // One lock for everything: each call is a transaction of its own, one after the other.
        Ok(self.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for ModelStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for ModelStore {
    async fn hub_open(&self, _now: Timestamp) -> Result<HubInfo, StoreError> {
        self.tables().map(|_| new_hub("main"))
    }

    fn is_exclusive(&self) -> bool {
        self.exclusive
    }

    async fn worker_start(
        &self,
        worker: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        Ok(self.tables()?.worker_start(worker, self.exclusive, now))
    }

    async fn worker_renew(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError> {
        self.tables()?.holder(lease)?.lease_until = now + lease.length;
        Ok(())
    }

    async fn worker_stop(&self, lease: &WorkerLease, _now: Timestamp) -> Result<(), StoreError> {
        self.tables()?.worker_stop(lease);
        Ok(())
    }

    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        self.tables()?.units_claim(lease, lanes, now)
    }

    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError> {
        Ok(self.tables()?.lanes_registered())
    }

    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let mut tables = self.tables()?;
        Ok(tables.instance_create(instance, if_exists, most_unread, now))
    }

    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError> {
        Ok(self.tables()?.by_id(id).cloned())
    }

    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        self.tables()?.load(key)
    }

    async fn execution_lives(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<bool, StoreError> {
        Ok(self.tables()?.execution_lives(key, execution))
    }

    async fn instances_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        Ok(self.tables()?.to_load(units, after, limit))
    }

    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError> {
        Ok(self.tables()?.list(filter, after, limit))
    }

    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError> {
        Ok(self.tables()?.wanted(filter, None).count() as u64)
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        Ok(self.tables()?.purge(filter, children, after, limit))
    }

    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.tables()?.turns(key, execution, None)
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        let mut tables = self.tables()?;
        Ok(tables.message_send(id, command, now))
    }

    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        Ok(self.tables()?.inbox_of_units(units, except, after, limit))
    }

    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError> {
        self.tables()?.events_unread(key)
    }

    async fn events_unread_count(&self, id: &InstanceId) -> Result<Option<u64>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.by_id(id).map(|row| tables.unread(row.key)))
    }

    async fn heartbeats_fetch(&self, key: InstanceKey) -> Result<Vec<Heartbeat>, StoreError> {
        Ok(self.tables()?.heartbeats_of(key))
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        Ok(self.tables()?.entity_send(id, command, now))
    }

    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError> {
        Ok(self.tables()?.signals_delayed(id, after, limit))
    }

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(self.tables()?.signal_withdraw(id, withdrawal))
    }

    async fn entity_load(&self, key: InstanceKey) -> Result<Option<LoadedEntity>, StoreError> {
        Ok(self.tables()?.entity_load(key))
    }

    async fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        Ok(self.tables()?.entities_to_load(units, after, limit))
    }

    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError> {
        Ok(self.tables()?.entity_fetch(id))
    }

    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError> {
        Ok(self.tables()?.entities_list(filter, after, limit))
    }

    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError> {
        Ok(self.tables()?.answer_fetch(key, command))
    }

    async fn answers_expire(&self, until: Timestamp, limit: u32) -> Result<bool, StoreError> {
        Ok(self.tables()?.answers_expire(until, limit))
    }

    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError> {
        Ok(self.tables()?.timers_due(units, until, after, limit))
    }

    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.tables()?.commit(lease, turns, now)
    }

    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError> {
        Ok(self.tables()?.holder(lease)?.commit_id)
    }

    async fn dump(&self) -> Result<String, StoreError> {
        Ok(self.tables()?.dump().render())
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}
