//! A store that fails when the test says so.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use durable_runtime::InstanceId;
use durable_runtime::Timestamp;
use durable_runtime::failure::CallResult;
use durable_runtime::history::TurnRecord;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Execution;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::ids::WorkerId;
use durable_runtime::store::Created;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::EntitySent;
use durable_runtime::store::HubInfo;
use durable_runtime::store::InboxPage;
use durable_runtime::store::Loaded;
use durable_runtime::store::LoadedEntity;
use durable_runtime::store::NewWorker;
use durable_runtime::store::Sent;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::TimerPage;
use durable_runtime::store::TimerPlace;
use durable_runtime::store::Unread;
use durable_runtime::store::WorkerLease;
use durable_runtime::work::DelayedSignal;
use durable_runtime::work::EntityFilter;
use durable_runtime::work::EntityListing;
use durable_runtime::work::EntityPage;
use durable_runtime::work::Heartbeat;
use durable_runtime::work::IfExists;
use durable_runtime::work::InstanceFilter;
use durable_runtime::work::InstancePage;
use durable_runtime::work::InstanceRow;
use durable_runtime::work::MessageBody;
use durable_runtime::work::NewInstance;
use durable_runtime::work::PageToken;
use durable_runtime::work::Purged;
use durable_runtime::work::SignalRef;
use durable_runtime::work::TurnWrite;

/// A fault of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// No fault.
    None,
    /// The commit is not done, and the answer is that the database is not available.
    NotDone,
    /// The commit is done, and its answer is lost.
    AnswerLost,
    /// The commit is refused if it contains a turn of this instance.
    Conflict(InstanceKey),
    /// Just before the commit, somebody withdraws the first delayed signal that one of its turns
    /// has run.
    SignalWithdrawn,
}

/// A store that passes everything on to another one, except when a fault is planned.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    commits: AtomicU64,
    looks: AtomicU64,
    planned: Mutex<VecDeque<Fault>>,
    /// How many claims are to fail.
    failing_claims: AtomicU64,
    /// How many looks at the inbox are to fail.
    failing_looks: AtomicU64,
    /// Refuses each commit with a turn of this instance.
    poisoned: Mutex<Option<InstanceKey>>,
}

impl FaultyStore {
    /// Wraps a store.
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            commits: AtomicU64::new(0),
            looks: AtomicU64::new(0),
            planned: Mutex::default(),
            failing_claims: AtomicU64::new(0),
            failing_looks: AtomicU64::new(0),
            poisoned: Mutex::default(),
        })
    }

    /// Plans the faults of the next commits, in order. Commits after them have none.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.planned).extend(faults);
    }

    /// Refuses each commit that contains a turn of this instance; `None` ends that.
    pub fn poison(&self, instance: Option<InstanceKey>) {
        *lock(&self.poisoned) = instance;
    }

    /// Makes the next `count` claims of units fail: the database is not available.
    pub fn fail_claims(&self, count: u64) {
        self.failing_claims.store(count, Ordering::Relaxed);
    }

    /// Makes the next `count` looks at the inbox fail, as if the database were not available.
    pub fn fail_looks(&self, count: u64) {
        self.failing_looks.store(count, Ordering::Relaxed);
    }

    /// Returns how many looks at the inbox are still to fail.
    pub fn failing_looks(&self) -> u64 {
        self.failing_looks.load(Ordering::Relaxed)
    }

    /// Returns how many commits were requested.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Returns how often the engine looked for something to do: messages, due timers, instances and
    /// entities to load.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    fn look(&self) {
        self.looks.fetch_add(1, Ordering::Relaxed);
    }

    fn next_fault(&self, turns: &[TurnWrite]) -> Fault {
        self.commits.fetch_add(1, Ordering::Relaxed);
        let poisoned = *lock(&self.poisoned);
        match poisoned.filter(|key| turns.iter().any(|turn| turn.key == *key)) {
            Some(key) => Fault::Conflict(key),
            None => lock(&self.planned).pop_front().unwrap_or(Fault::None),
        }
    }
}

/// Takes one from `left`, if there is any.
fn take_one(left: &AtomicU64) -> bool {
    let mut seen = left.load(Ordering::Relaxed);
    while let Some(less) = seen.checked_sub(1) {
        match left.compare_exchange_weak(seen, less, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
    false
}

impl FaultyStore {
    async fn withdraw_first(&self, turns: &[TurnWrite], now: Timestamp) -> Result<(), StoreError> {
        let run = turns.iter().find_map(|turn| {
            let first = turn.delayed.first()?;
            Some((turn.key, *first))
        });
        let Some((key, signal)) = run else {
            return Ok(());
        };
        let Some(loaded) = self.inner.entity_load(key).await? else {
            return Ok(());
        };
        let withdrawal = SignalWithdrawal {
            signal: SignalRef::Id(signal),
            command: format!("withdraw {signal}"),
            remember_until: None,
        };
        let id = loaded.entity.id;
        self.inner.signal_withdraw(&id, &withdrawal, now).await?;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(action: &'static str) -> StoreError {
    StoreError::Unavailable {
        action,
        source: "a planned fault".into(),
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.next_fault(turns) {
            Fault::None => self.inner.commit(lease, turns, now).await,
            Fault::NotDone => Err(unavailable("commit turns")),
            Fault::AnswerLost => {
                self.inner.commit(&mut lease.clone(), turns, now).await?;
                Err(unavailable("commit turns"))
            }
            Fault::Conflict(_) => Err(StoreError::Conflict {
                action: "commit turns",
            }),
            Fault::SignalWithdrawn => {
                self.withdraw_first(turns, now).await?;
                self.inner.commit(lease, turns, now).await
            }
        }
    }

    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError> {
        self.inner.commit_outcome(lease).await
    }

    async fn hub_open(&self, now: Timestamp) -> Result<HubInfo, StoreError> {
        self.inner.hub_open(now).await
    }

    fn is_exclusive(&self) -> bool {
        self.inner.is_exclusive()
    }

    async fn worker_start(
        &self,
        worker: NewWorker,
        now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        self.inner.worker_start(worker, now).await
    }

    async fn worker_renew(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError> {
        self.inner.worker_renew(lease, now).await
    }

    async fn worker_stop(&self, lease: &WorkerLease, now: Timestamp) -> Result<(), StoreError> {
        self.inner.worker_stop(lease, now).await
    }

    fn worker_abandon(&self, worker: WorkerId) {
        self.inner.worker_abandon(worker);
    }

    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        if take_one(&self.failing_claims) {
            return Err(unavailable("claim units"));
        }
        self.inner.units_claim(lease, lanes, now).await
    }

    async fn lanes_registered(&self) -> Result<Vec<Lane>, StoreError> {
        self.inner.lanes_registered().await
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
        created.await
    }

    async fn instance_fetch(&self, id: &InstanceId) -> Result<Option<InstanceRow>, StoreError> {
        self.inner.instance_fetch(id).await
    }

    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        self.look();
        self.inner.instance_load(key).await
    }

    async fn execution_lives(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<bool, StoreError> {
        self.inner.execution_lives(key, execution).await
    }

    async fn instances_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        self.look();
        self.inner.instances_to_load(units, after, limit).await
    }

    async fn instances_list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, StoreError> {
        self.inner.instances_list(filter, after, limit).await
    }

    async fn instances_count(&self, filter: &InstanceFilter) -> Result<u64, StoreError> {
        self.inner.instances_count(filter).await
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        self.inner
            .instances_purge(filter, children, after, limit)
            .await
    }

    async fn history_fetch(
        &self,
        key: InstanceKey,
        execution: Execution,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        self.inner.history_fetch(key, execution).await
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &str,
        body: &MessageBody,
        most_unread: u64,
        now: Timestamp,
    ) -> Result<Sent, StoreError> {
        let sent = self.inner.message_send(id, command, body, most_unread, now);
        sent.await
    }

    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        self.look();
        let one_less = |left: u64| left.checked_sub(1);
        let failing = &self.failing_looks;
        if failing
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            return Err(unavailable("fetch messages"));
        }
        self.inner.inbox_fetch(units, except, after, limit).await
    }

    async fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError> {
        self.inner.events_unread(key).await
    }

    async fn events_unread_count(&self, id: &InstanceId) -> Result<Option<u64>, StoreError> {
        self.inner.events_unread_count(id).await
    }

    async fn heartbeats_fetch(&self, key: InstanceKey) -> Result<Vec<Heartbeat>, StoreError> {
        self.inner.heartbeats_fetch(key).await
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        self.inner.entity_send(id, command, now).await
    }

    async fn signals_delayed(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<DelayedSignal>, StoreError> {
        self.inner.signals_delayed(id, after, limit).await
    }

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.signal_withdraw(id, withdrawal, now).await
    }

    async fn entity_load(&self, key: InstanceKey) -> Result<Option<LoadedEntity>, StoreError> {
        self.look();
        self.inner.entity_load(key).await
    }

    async fn entities_to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Result<Vec<InstanceKey>, StoreError> {
        self.look();
        self.inner.entities_to_load(units, after, limit).await
    }

    async fn entity_fetch(&self, id: &EntityId) -> Result<Option<EntityListing>, StoreError> {
        self.inner.entity_fetch(id).await
    }

    async fn entities_list(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, StoreError> {
        self.inner.entities_list(filter, after, limit).await
    }

    async fn answer_fetch(
        &self,
        key: InstanceKey,
        command: &str,
    ) -> Result<Option<CallResult>, StoreError> {
        self.inner.answer_fetch(key, command).await
    }

    async fn answers_expire(&self, until: Timestamp, limit: u32) -> Result<bool, StoreError> {
        self.inner.answers_expire(until, limit).await
    }

    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError> {
        self.look();
        self.inner.timers_due(units, until, after, limit).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }

    async fn dump(&self) -> Result<String, StoreError> {
        self.inner.dump().await
    }
}
