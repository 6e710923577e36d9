//! The store itself: each method one transaction or one query.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use async_trait::async_trait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use sea_orm::TransactionTrait;

use super::answer;
use super::claim;
use super::commit;
use super::connection::Connections;
use super::connection::WriteTxn;
use super::creation;
use super::dialect;
use super::dump;
use super::entity;
use super::entity_listing;
use super::entity_send;
use super::heartbeat;
use super::history;
use super::hub;
use super::hub_lock::HubLock;
use super::hub_lock::beside;
use super::inbox;
use super::instance;
use super::lane;
use super::lane::KnownLanes;
use super::listing;
use super::purge;
use super::scope::Scope;
use super::showing;
use super::signal;
use super::timer;
use super::unit;
use super::worker;
use super::worker::Fence;
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
use crate::ids::WorkerId;
use crate::running::Place;
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
use crate::store::migration;
use crate::store::reading::readable;
use crate::store::reading::readable_or_not;
use crate::store::reading::turn_record;
use crate::store::reading::unread_events;
use crate::work::Heartbeat;
use crate::work::InstanceRow;
use crate::work::NewInstance;
use crate::work::TurnWrite;

/// A store in a SQL database.
#[derive(Debug)]
pub struct SqlStore {
    connections: Connections,
    name: String,
    scope: OnceLock<Scope>,
    lanes: KnownLanes,
    lock: HubLock,
    running: Place,
}

impl SqlStore {
    /// Opens the hub `hub` in the `SQLite` database at `path`, and creates the file if it does not
    /// exist.
    ///
    /// # Errors
    /// [`StoreError::NotADatabase`], [`StoreError::NotWhole`], [`StoreError::Unavailable`],
    /// [`StoreError::Full`], [`StoreError::Database`].
    pub async fn open_sqlite(path: &Path, hub: &str) -> Result<Self, StoreError> {
        let connections = Connections::open(path).await?;
        // The lock is found beside the file itself, by whatever name that was opened.
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self {
            connections,
            name: hub.to_owned(),
            scope: OnceLock::new(),
            lanes: KnownLanes::default(),
            lock: HubLock::new(&real, hub),
            running: Place::file(beside(&real, hub, "running")),
        })
    }

    /// Returns a connection to the database for the user's own tables. Writes through it queue with
    /// the commits of this store, so keep transactions on it short.
    pub fn database(&self) -> DatabaseConnection {
        self.connections.database()
    }

    /// Returns the place where the worker of this hub records what it computes: a file beside the
    /// database, which belongs to the holder of the lock.
    pub fn running(&self) -> Place {
        self.running.clone()
    }

    /// Has `watcher` told the text of each statement that is made, for tests that look at how the
    /// database would carry it out.
    #[doc(hidden)]
    pub fn watch_statements(&mut self, watcher: impl Fn(&str) + Clone + Send + Sync + 'static) {
        self.connections.watch(watcher);
    }

    fn scope(&self) -> Result<Scope, StoreError> {
        self.scope
            .get()
            .copied()
            .ok_or_else(|| StoreError::Database {
                action: "find the hub",
                source: "`hub_open` comes first".into(),
            })
    }

    fn reader(&self) -> Result<&DatabaseConnection, StoreError> {
        self.connections.reader()
    }

    async fn begin(&self, action: &'static str) -> Result<WriteTxn, StoreError> {
        self.connections.begin(action).await
    }

    async fn turns<C: ConnectionTrait>(
        &self,
        db: &C,
        key: InstanceKey,
        execution: Execution,
        from: Option<u64>,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        let rows = history::fetch(db, key, execution, from).await;
        let rows = rows.or_failed("read a history")?;
        let records = rows.iter().map(turn_record);
        records
            .collect::<Result<_, _>>()
            .map_err(|source| StoreError::UnreadableHistory { key, source })
    }
}

/// Turns what the database says into what the store says.
trait OrFailed<T> {
    fn or_failed(self, action: &'static str) -> Result<T, StoreError>;
}

impl<T> OrFailed<T> for Result<T, DbErr> {
    fn or_failed(self, action: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| dialect::error(action, source))
    }
}

fn open_or_fenced(fence: Fence) -> Result<(), StoreError> {
    match fence {
        Fence::Open => Ok(()),
        Fence::Closed => Err(StoreError::Fenced),
    }
}

#[async_trait]
impl Store for SqlStore {
    /// Writes nothing if the hub exists and is up to date. So opening a hub does not wait for another
    /// process that writes, however long that takes.
    async fn hub_open(&self, now: Timestamp) -> Result<HubInfo, StoreError> {
        let reader = self.reader()?;
        if migration::is_up_to_date(reader).await
            && let Ok(Some(row)) = hub::fetch(reader, &self.name).await
        {
            let info = hub::info(&row)?;
            self.scope.get_or_init(|| Scope::new(row.id));
            return Ok(info);
        }
        let txn = self.begin("open the hub").await?;
        txn.done(migration::migrate(&*txn).await)?;
        let row = hub::fetch_or_create_in_txn(&txn, &self.name, now).await;
        let row = txn.done(row)?;
        let info = hub::info(&row)?;
        txn.commit().await?;
        self.scope.get_or_init(|| Scope::new(row.id));
        Ok(info)
    }

    fn is_exclusive(&self) -> bool {
        dialect::EXCLUSIVE
    }

    async fn worker_start(
        &self,
        new: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        // Before the row: a process that is kept out must not fence the one that works.
        self.lock.take()?;
        // The lock stays with the worker that began, or is given back if none did: a failed start
        // must not keep others out.
        let started = self.start_exclusive(new, now).await;
        self.lock
            .give_to(started.as_ref().ok().map(|lease| lease.worker));
        started
    }

    async fn worker_renew(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError> {
        let scope = self.scope()?;
        let until = now + lease.length;
        let txn = self.begin("renew the worker's lease").await?;
        let renewed = worker::renew_in_txn(&txn, scope, lease, until).await;
        open_or_fenced(txn.done(renewed)?)?;
        txn.commit().await
    }

    async fn worker_stop(&self, lease: &WorkerLease, _now: Timestamp) -> Result<(), StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("stop the worker").await?;
        let deleted = worker::delete_in_txn(&txn, scope, lease).await;
        if txn.done(deleted)? == Fence::Open {
            let freed = unit::free_in_txn(&txn, scope, Some(lease.worker)).await;
            txn.done(freed)?;
        }
        txn.commit().await?;
        // Only after the commit: another process that gets the lock finds the units free.
        self.lock.free(lease.worker);
        Ok(())
    }

    fn worker_abandon(&self, worker: WorkerId) {
        self.lock.free(worker);
    }

    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("claim units").await?;
        let row = txn.done(worker::holder(&*txn, scope, lease).await)?;
        let row = row.ok_or(StoreError::Fenced)?;
        let mut known = self.lanes.open();
        let mut numbers = BTreeSet::new();
        for lane in lanes {
            let number = known.number_in_txn(&txn, scope, lane).await;
            numbers.insert(txn.done(number)?);
        }
        let units = claim::claim_in_txn(&txn, scope, lease, &row, &numbers, now).await;
        let units = txn.done(units)?;
        txn.commit().await?;
        // Only after the commit: what a transaction created that was rolled back is not there.
        known.learn();
        Ok(units)
    }

    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError> {
        let scope = self.scope()?;
        let lanes = lane::registered(self.reader()?, scope).await;
        lanes.or_failed("read the registered lanes")
    }

    async fn instance_create(
        &self,
        new: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("create an instance").await?;
        let mut lanes = self.lanes.open();
        let created =
            creation::create_in_txn(&txn, scope, &mut lanes, new, if_exists, most_unread, now)
                .await;
        let created = txn.done(created)?;
        txn.commit().await?;
        lanes.learn();
        Ok(created)
    }

    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError> {
        let row = instance::fetch(self.reader()?, self.scope()?, id).await;
        row.or_failed("fetch an instance")
    }

    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        const ACTION: &str = "load an instance";
        let db = self.reader()?;
        // No transaction around the reads: only the owner asks for this, and it writes nothing of
        // the instance meanwhile. What others send in between is read or not, and fetched later.
        let row = instance::fetch_owned(db, self.scope()?, key).await;
        let Some(instance) = row.or_failed(ACTION)? else {
            return Ok(None);
        };
        let (inbox, unreadable) = inbox::of_instance(db, key).await.or_failed(ACTION)?;
        let turns = self.turns(db, key, instance.execution, instance.checkpoint);
        Ok(Some(Loaded {
            turns: readable_or_not(turns.await)?,
            inbox,
            unreadable,
            heartbeats: heartbeat::of_instance(db, key).await.or_failed(ACTION)?,
            instance,
        }))
    }

    async fn execution_lives(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<bool, StoreError> {
        let row = instance::fetch_owned(self.reader()?, self.scope()?, key).await;
        let row = row.or_failed("look at an execution")?;
        Ok(row.is_some_and(|row| row.execution == execution && !row.status.is_terminal()))
    }

    async fn instances_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        let found = instance::to_load(self.reader()?, units, after, limit).await;
        found.or_failed("find the instances to load")
    }

    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError> {
        let page = listing::list(self.reader()?, self.scope()?, filter, after, limit).await;
        page.or_failed("list instances")
    }

    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError> {
        let count = listing::count(self.reader()?, self.scope()?, filter).await;
        count.or_failed("count instances")
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("purge instances").await?;
        let purged = purge::purge_in_txn(&txn, scope, filter, children, after, limit).await;
        let purged = txn.done(purged)?;
        txn.commit().await?;
        Ok(purged)
    }

    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.turns(self.reader()?, key, execution, None).await
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("send a message").await?;
        let sent = creation::send_in_txn(&txn, scope, id, command, now).await;
        let sent = txn.done(sent)?;
        txn.commit().await?;
        Ok(sent)
    }

    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        // A worker comes by at least once a second, also when nothing is written.
        self.connections.keep_log_short().await;
        let found = inbox::fetch(self.reader()?, units, except, after, limit).await;
        found.or_failed("fetch messages")
    }

    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError> {
        const ACTION: &str = "read the unread events";
        // One transaction: what a turn takes meanwhile is neither missed nor read twice.
        let txn = self.reader()?.begin().await.or_failed(ACTION)?;
        let row = instance::fetch_by_key(&txn, self.scope()?, key).await;
        let Some(row) = row.or_failed(ACTION)? else {
            return Ok(Unread::default());
        };
        let turns = self.turns(&txn, key, row.execution, row.checkpoint);
        let turns = readable(turns.await)?;
        let inbox = inbox::events(&txn, key).await.or_failed(ACTION)?;
        txn.commit().await.or_failed(ACTION)?;
        Ok(Unread {
            turns,
            inbox: unread_events(inbox),
        })
    }

    async fn events_unread_count(&self, id: &InstanceId) -> Result<Option<u64>, StoreError> {
        let count = showing::unread_count(self.reader()?, self.scope()?, id).await;
        count.or_failed("count the unread events")
    }

    async fn heartbeats_fetch(&self, key: InstanceKey) -> Result<Vec<Heartbeat>, StoreError> {
        let found = heartbeat::of_instance(self.reader()?, key).await;
        found.or_failed("read the progress of activities")
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("send to an entity").await?;
        let mut lanes = self.lanes.open();
        let sent = entity_send::send_in_txn(&txn, scope, &mut lanes, id, command, now).await;
        let sent = txn.done(sent)?;
        txn.commit().await?;
        lanes.learn();
        Ok(sent)
    }

    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError> {
        let found = signal::delayed(self.reader()?, self.scope()?, id, after, limit).await;
        found.or_failed("list delayed signals")
    }

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("withdraw a signal").await?;
        let withdrawn = signal::withdraw_in_txn(&txn, scope, id, withdrawal).await;
        let withdrawn = txn.done(withdrawn)?;
        txn.commit().await?;
        Ok(withdrawn)
    }

    async fn entity_load(&self, key: InstanceKey) -> Result<Option<LoadedEntity>, StoreError> {
        const ACTION: &str = "load an entity";
        let db = self.reader()?;
        let row = entity::fetch_by_key(db, self.scope()?, key).await;
        let Some(entity) = row.or_failed(ACTION)? else {
            return Ok(None);
        };
        let (inbox, parked) = inbox::of_entity(db, key).await.or_failed(ACTION)?;
        Ok(Some(LoadedEntity {
            entity,
            inbox,
            parked,
        }))
    }

    async fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        let found = entity::to_load(self.reader()?, units, after, limit).await;
        found.or_failed("find the entities to load")
    }

    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError> {
        let listing = entity_listing::fetch(self.reader()?, self.scope()?, id).await;
        listing.or_failed("fetch an entity")
    }

    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError> {
        let page = entity_listing::list(self.reader()?, self.scope()?, filter, after, limit).await;
        page.or_failed("list entities")
    }

    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError> {
        let answer = answer::fetch(self.reader()?, key, command).await;
        answer.or_failed("read an answer")
    }

    async fn answers_expire(&self, until: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("forget old answers").await?;
        let more = txn.done(answer::expire_in_txn(&txn, scope, until, limit).await)?;
        txn.commit().await?;
        Ok(more)
    }

    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError> {
        let due = timer::due(self.reader()?, units, until, after, limit).await;
        due.or_failed("find the timers that are due")
    }

    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if turns.is_empty() {
            return Ok(());
        }
        let scope = self.scope()?;
        let commit_id = lease.commit_id + 1;
        let txn = self.begin("record turns").await?;
        let fence = worker::advance_in_txn(&txn, scope, lease, commit_id).await;
        // Returned before anything else is written; the transaction is rolled back when it is
        // dropped.
        open_or_fenced(txn.done(fence)?)?;
        // Behind the fence and before the writes: a withdrawal either came before this transaction,
        // or waits for its end.
        let are_there = signal::are_there_in_txn(&txn, turns).await;
        if !txn.done(are_there)? {
            return Err(StoreError::SignalWithdrawn);
        }
        let mut lanes = self.lanes.open();
        let written = commit::write_in_txn(&txn, scope, &mut lanes, turns, now).await;
        txn.done(written)?;
        txn.commit().await?;
        lanes.learn();
        // Not before the commit: after an error the caller compares the old number with the stored
        // one.
        lease.commit_id = commit_id;
        Ok(())
    }

    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError> {
        // Through the writer: behind a commit that is under way.
        let scope = self.scope()?;
        let txn = self.begin("find out about a commit").await?;
        let row = txn.done(worker::holder(&*txn, scope, lease).await)?;
        let row = row.ok_or(StoreError::Fenced)?;
        Ok(u64::try_from(row.commit_id).unwrap_or(0))
    }

    async fn close(&self) {
        self.connections.close().await;
        self.lock.free_for_good();
    }

    async fn dump(&self) -> Result<String, StoreError> {
        let dump = dump::read(self.reader()?, self.scope()?).await;
        Ok(dump.or_failed("read everything")?.render())
    }
}

impl SqlStore {
    async fn start_exclusive(
        &self,
        new: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        let scope = self.scope()?;
        let txn = self.begin("start the worker").await?;
        txn.done(worker::fence_in_txn(&txn, scope, None).await)?;
        let lease = txn.done(worker::create_in_txn(&txn, scope, new, now).await)?;
        txn.commit().await?;
        Ok(lease)
    }
}
