//! A store that fails when the test says so.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use durable_runtime::Timestamp;
use durable_runtime::ids::InstanceKey;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::StoreLayer;
use durable_runtime::store::WorkerLease;
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

/// With what the engine looks for something to do.
const LOOKS: [&str; 6] = [
    "inbox_fetch",
    "timers_due",
    "instances_to_load",
    "instance_load",
    "entities_to_load",
    "entity_load",
];

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
impl StoreLayer for FaultyStore {
    fn inner(&self) -> &dyn Store {
        &*self.inner
    }

    async fn before(&self, method: &'static str) -> Result<(), StoreError> {
        if LOOKS.contains(&method) {
            self.looks.fetch_add(1, Ordering::Relaxed);
        }
        let (failing, action) = match method {
            "units_claim" => (&self.failing_claims, "claim units"),
            "inbox_fetch" => (&self.failing_looks, "fetch messages"),
            _ => return Ok(()),
        };
        if take_one(failing) {
            return Err(unavailable(action));
        }
        Ok(())
    }

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
}
