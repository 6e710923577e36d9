//! The store as one process sees it: the model store behind a connection that may hang, break and
//! lie about what it did.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use durable_runtime::InstanceId;
use durable_runtime::Timestamp;
use durable_runtime::commands::IfExists;
use durable_runtime::commands::InstanceFilter;
use durable_runtime::commands::PageToken;
use durable_runtime::commands::Purged;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::InstanceKey;
use durable_runtime::ids::Lane;
use durable_runtime::ids::MessageId;
use durable_runtime::ids::Unit;
use durable_runtime::ids::WorkerId;
use durable_runtime::ids::fnv1a64;
use durable_runtime::store::Created;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::EntitySent;
use durable_runtime::store::HubInfo;
use durable_runtime::store::InboxPage;
use durable_runtime::store::InstanceCommand;
use durable_runtime::store::Loaded;
use durable_runtime::store::ModelStore;
use durable_runtime::store::NewWorker;
use durable_runtime::store::Sent;
use durable_runtime::store::SignalWithdrawal;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::StoreLayer;
use durable_runtime::store::TimerPage;
use durable_runtime::store::TimerPlace;
use durable_runtime::store::WorkerLease;
use durable_runtime::work::NewInstance;
use durable_runtime::work::TurnWrite;

use crate::ledger::Committer;
use crate::mutants;
use crate::world::Inner;
use crate::world::Verdict;
use crate::world::World;

/// The store as one process sees it.
#[derive(Debug)]
pub(crate) struct SimStore {
    inner: ModelStore,
    world: Arc<World>,
    /// The process, by its number.
    process: usize,
    /// The worker that this process is now.
    worker: AtomicI64,
    /// How many rows of a query it gets at once.
    page: u32,
    /// What it writes is acknowledged and lost: a planted bug.
    loses: AtomicBool,
}

/// When a call goes wrong, or is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

enum Decision {
    Go(Verdict),
    /// Hold it up until that many milliseconds have passed, at least.
    Hold(i64),
}

impl SimStore {
    pub(crate) fn new(inner: ModelStore, world: Arc<World>, process: usize) -> Arc<Self> {
        let page = {
            let draw = &mut world.inner().draw;
            let some = u32::try_from(draw.between(1, 4)).unwrap_or(1);
            if draw.chance(50) { some } else { u32::MAX }
        };
        Arc::new(Self {
            inner,
            world,
            process,
            worker: AtomicI64::new(0),
            page,
            loses: AtomicBool::new(false),
        })
    }

    /// The worker that this process is now.
    pub(crate) fn worker(&self) -> WorkerId {
        WorkerId(self.worker.load(Ordering::Relaxed))
    }

    fn now(&self) -> Timestamp {
        self.world.time.now()
    }

    fn loses(&self) -> bool {
        self.loses.load(Ordering::Relaxed)
    }

    async fn after(&self, what: &'static str) -> Result<(), StoreError> {
        self.gate(what, Side::After).await
    }

    async fn gate(&self, what: &'static str, side: Side) -> Result<(), StoreError> {
        let now = self.now();
        let decision = decide(&mut self.world.inner(), side, is_write(what), now);
        let verdict = match decision {
            Decision::Go(verdict) => verdict,
            Decision::Hold(millis) => {
                let until = self.now().as_millis() + millis;
                let place = if side == Side::After {
                    point_after(what)
                } else {
                    what
                };
                self.world.park(self.process, place, until).await
            }
        };
        if verdict == Verdict::Pass {
            return Ok(());
        }
        if verdict == Verdict::Full && mutants::writes_lost_once_full() {
            self.loses.store(true, Ordering::Relaxed);
        }
        let process = self.process;
        self.world
            .note(format_args!("p{process} {what} {side:?} {verdict:?}"));
        Err(error_of(what, verdict))
    }

    /// Whether the database refuses a commit for one turn in it.
    fn bad_turn(&self, turns: &[TurnWrite]) -> Option<StoreError> {
        let mut inner = self.world.inner();
        let Inner {
            draw,
            faults,
            ledger,
            ..
        } = &mut *inner;
        if faults.bad_turn && ledger.bad.is_none() && draw.chance(3) {
            let turn = &turns[draw.index(turns.len())];
            ledger.bad = Some((turn.key, draw.between(1, 6), draw.chance(50)));
        }
        let (key, left, conflict) = ledger.bad.as_mut()?;
        if *left == 0 || !turns.iter().any(|turn| turn.key == *key) {
            return None;
        }
        *left -= 1;
        let conflict = *conflict;
        inner.count("one bad turn in a batch");
        Some(if conflict {
            StoreError::Conflict {
                action: "commit turns",
            }
        } else {
            error_of("commit", Verdict::Refused)
        })
    }
}

/// Whether it needs room.
fn is_write(what: &str) -> bool {
    matches!(
        what,
        "worker_start"
            | "worker_renew"
            | "worker_stop"
            | "units_claim"
            | "instance_create"
            | "instances_purge"
            | "message_send"
            | "entity_send"
            | "answers_expire"
            | "commit"
    )
}

fn decide(inner: &mut Inner, side: Side, writes: bool, now: Timestamp) -> Decision {
    inner.activity += 1;
    if !inner.chaos {
        return Decision::Go(Verdict::Pass);
    }
    let faults = inner.faults.clone();
    let needs_room = writes && side == Side::Before;
    if needs_room && now < inner.full_until {
        inner.count("write refused while the disk is full");
        return Decision::Go(Verdict::Full);
    }
    let draw = &mut inner.draw;
    if needs_room && faults.full && draw.below(60) == 0 {
        inner.count("statement fails for want of room");
        return Decision::Go(Verdict::Full);
    }
    let (unavailable, refused) = match side {
        Side::Before => (faults.unavailable, faults.refused),
        Side::After => (faults.ambiguous, faults.ambiguous && faults.refused),
    };
    if unavailable && draw.chance(3) {
        inner.count(match side {
            Side::Before => "store not available",
            Side::After => "answer of the store lost",
        });
        return Decision::Go(Verdict::Unavailable);
    }
    if refused && draw.below(200) == 0 {
        inner.count("store refuses");
        return Decision::Go(Verdict::Refused);
    }
    if faults.pause && draw.below(150) == 0 {
        let millis = draw.between(16_000, 40_000);
        inner.count("worker paused past its lease");
        return Decision::Hold(i64::try_from(millis).unwrap_or(0));
    }
    if draw.chance(12) {
        return Decision::Hold(0);
    }
    Decision::Go(Verdict::Pass)
}

fn point_after(what: &'static str) -> &'static str {
    if what == "commit" {
        "commit done"
    } else {
        what
    }
}

fn error_of(action: &'static str, verdict: Verdict) -> StoreError {
    let source = "a planned fault".into();
    match verdict {
        Verdict::Refused => StoreError::Database { action, source },
        Verdict::Full => StoreError::Full { action, source },
        _ => StoreError::Unavailable { action, source },
    }
}

fn hash_of(turns: &[TurnWrite]) -> u64 {
    let mut hash = 0_u64;
    for turn in turns {
        let text = turn.history.as_ref().map_or("", |row| &row.events);
        let counts = [
            turn.consumed.len(),
            turn.parked.len(),
            turn.timers.len(),
            turn.timers_gone.len(),
            turn.sends.len(),
            turn.starts.len(),
        ];
        for count in counts {
            hash = hash.rotate_left(5) ^ count as u64;
        }
        hash = hash.rotate_left(9) ^ fnv1a64(text.as_bytes());
    }
    hash
}

#[async_trait]
impl StoreLayer for SimStore {
    fn inner(&self) -> &dyn Store {
        &self.inner
    }

    async fn before(&self, method: &'static str) -> Result<(), StoreError> {
        self.gate(method, Side::Before).await
    }

    async fn hub_open(&self, _now: Timestamp) -> Result<HubInfo, StoreError> {
        self.inner.hub_open(self.now()).await
    }

    async fn worker_start(
        &self,
        worker: NewWorker,
        _now: Timestamp,
    ) -> Result<WorkerLease, StoreError> {
        self.before("worker_start").await?;
        let lease = self.inner.worker_start(worker, self.now()).await?;
        self.world.note(format_args!(
            "p{} is worker {}",
            self.process, lease.worker.0
        ));
        self.worker.store(lease.worker.0, Ordering::Relaxed);
        if self.inner.is_exclusive() {
            self.world.inner().ledger.freed_all();
        }
        self.leased(&lease);
        self.after("worker_start").await?;
        Ok(lease)
    }

    async fn worker_renew(&self, lease: &WorkerLease, _now: Timestamp) -> Result<(), StoreError> {
        self.before("worker_renew").await?;
        let renewed = self.inner.worker_renew(lease, self.now()).await;
        self.fenced(lease, &renewed);
        renewed?;
        self.leased(lease);
        self.after("worker_renew").await
    }

    async fn worker_stop(&self, lease: &WorkerLease, _now: Timestamp) -> Result<(), StoreError> {
        self.before("worker_stop").await?;
        self.inner.worker_stop(lease, self.now()).await?;
        self.world.inner().ledger.stopped(lease.worker);
        self.after("worker_stop").await
    }

    async fn units_claim(
        &self,
        lease: &WorkerLease,
        lanes: &[Lane],
        _now: Timestamp,
    ) -> Result<Vec<Unit>, StoreError> {
        self.before("units_claim").await?;
        let units = self.inner.units_claim(lease, lanes, self.now()).await?;
        let (process, count) = (self.process, units.len());
        if self.world.inner().ledger.claimed(lease.worker, &units) {
            self.world
                .note(format_args!("p{process} owns {count} units"));
        }
        self.after("units_claim").await?;
        Ok(units)
    }

    async fn instance_create(
        &self,
        instance: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        _now: Timestamp,
    ) -> Result<Created, StoreError> {
        self.before("instance_create").await?;
        let now = self.now();
        if self.loses() {
            return Ok(Created::Created);
        }
        let created = self
            .inner
            .instance_create(instance, if_exists, most_unread, now);
        let created = created.await?;
        self.after("instance_create").await?;
        Ok(created)
    }

    async fn instance_load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        self.before("instance_load").await?;
        self.world.count("instance loaded");
        self.inner.instance_load(key).await
    }

    async fn instances_purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        self.before("instances_purge").await?;
        let purged = self.inner.instances_purge(filter, children, after, limit);
        let purged = purged.await?;
        self.after("instances_purge").await?;
        Ok(purged)
    }

    async fn message_send(
        &self,
        id: &InstanceId,
        command: &InstanceCommand,
        _now: Timestamp,
    ) -> Result<Sent, StoreError> {
        self.before("message_send").await?;
        if self.loses() {
            return Ok(Sent::Accepted);
        }
        let sent = self.inner.message_send(id, command, self.now()).await?;
        self.after("message_send").await?;
        Ok(sent)
    }

    async fn inbox_fetch(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<InboxPage, StoreError> {
        self.before("inbox_fetch").await?;
        let limit = limit.min(self.page);
        let (again, late) = {
            let mut inner = self.world.inner();
            let faulty = inner.chaos && inner.faults.delivery;
            let again = faulty && !except.is_empty() && inner.draw.chance(50);
            let late = (faulty && inner.draw.chance(40)).then(|| inner.draw.next());
            (again, late)
        };
        let except = if again { &[] } else { except };
        let mut page = self.inner.inbox_fetch(units, except, after, limit).await?;
        let messages = &mut page.messages;
        if again {
            self.world.count("delivery duplicated");
        }
        // What is sent in another transaction at the same time may be seen later, though its number
        // is lower: all for one receiver, then, since each sender's are seen in order.
        // The engine does not tell that apart over several pages of one look.
        let is_whole = after.is_none() && page.next.is_none();
        if let Some(late) = late
            && is_whole
            && !messages.is_empty()
        {
            let place = usize::try_from(late % messages.len() as u64).unwrap_or(0);
            let receiver = messages[place].key;
            messages.retain(|received| received.key != receiver);
            self.world.count("delivery delayed");
        }
        Ok(page)
    }

    async fn entity_send(
        &self,
        id: &EntityId,
        command: &EntityCommand,
        _now: Timestamp,
    ) -> Result<EntitySent, StoreError> {
        self.before("entity_send").await?;
        let sent = self.inner.entity_send(id, command, self.now()).await?;
        self.after("entity_send").await?;
        Ok(sent)
    }

    async fn signal_withdraw(
        &self,
        id: &EntityId,
        withdrawal: &SignalWithdrawal,
        _now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.before("signal_withdraw").await?;
        let withdrawn = self
            .inner
            .signal_withdraw(id, withdrawal, self.now())
            .await?;
        self.after("signal_withdraw").await?;
        Ok(withdrawn)
    }

    async fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> Result<TimerPage, StoreError> {
        self.before("timers_due").await?;
        let limit = limit.min(self.page);
        let page = self.inner.timers_due(units, until, after, limit).await?;
        if page.next.is_some() && limit == self.page {
            self.world.count("more timers than a page has");
        }
        Ok(page)
    }

    async fn commit(
        &self,
        lease: &mut WorkerLease,
        turns: &[TurnWrite],
        _now: Timestamp,
    ) -> Result<(), StoreError> {
        self.before("commit").await?;
        if self.world.inner().chaos
            && let Some(error) = self.bad_turn(turns)
        {
            self.world
                .note(format_args!("p{} commit refused: {error}", self.process));
            return Err(error);
        }
        let mut mine = lease.clone();
        let done = self.inner.commit(&mut mine, turns, self.now()).await;
        let (process, worker) = (self.process, lease.worker);
        let (count, hash) = (turns.len(), hash_of(turns));
        match &done {
            Ok(()) => {
                self.world
                    .note(format_args!("p{process} commits {count} turns {hash:016x}"));
                self.record(worker, turns).await;
            }
            Err(error) => {
                if matches!(error, StoreError::Fenced) {
                    self.world.count("commit fenced off");
                }
                self.world
                    .note(format_args!("p{process} cannot commit: {error}"));
            }
        }
        done?;
        self.after("commit").await?;
        self.world.inner().ledger.acknowledged(worker);
        *lease = mine;
        Ok(())
    }

    async fn commit_outcome(&self, lease: &WorkerLease) -> Result<u64, StoreError> {
        self.before("commit_outcome").await?;
        let outcome = self.inner.commit_outcome(lease).await?;
        self.world.inner().ledger.acknowledged(lease.worker);
        Ok(outcome)
    }
}

impl SimStore {
    /// Notes how long a worker may be silent.
    fn leased(&self, lease: &WorkerLease) {
        let until = self.now() + lease.length;
        self.world.inner().ledger.leased(lease.worker, until);
    }

    /// Checks that a worker that is fenced off was silent for too long.
    fn fenced(&self, lease: &WorkerLease, done: &Result<(), StoreError>) {
        let fenced = matches!(done, Err(StoreError::Fenced));
        let alive = self.world.inner().ledger.is_alive(lease.worker, self.now());
        if fenced && alive {
            let worker = lease.worker.0;
            let what = format!("7: worker {worker} was taken for dead and is not");
            self.world.violation(what);
        }
    }

    /// Takes in whose turn is recorded, if it was not seen before.
    async fn learn(&self, key: InstanceKey) {
        if self.world.inner().ledger.knows(key) {
            return;
        }
        if key.is_entity() {
            if let Ok(Some(loaded)) = self.inner.entity_load(key).await {
                let unit = loaded.entity.unit;
                self.world.inner().ledger.learn_entity(key, unit);
            }
        } else if let Ok(Some(loaded)) = self.inner.instance_load(key).await {
            self.world.inner().ledger.learn(&loaded.instance);
        }
    }

    /// Checks what a commit wrote against what was known before.
    async fn record(&self, worker: WorkerId, turns: &[TurnWrite]) {
        let mut wrong = Vec::new();
        for turn in turns {
            self.learn(turn.key).await;
            let mut inner = self.world.inner();
            let Inner {
                ledger,
                coverage,
                faults,
                calm_since,
                ..
            } = &mut *inner;
            let now = self.now();
            let by = Committer {
                worker,
                now,
                calm_since: *calm_since,
                faults,
            };
            wrong.extend(if turn.key.is_entity() {
                ledger.entity_turn(worker, turn, coverage)
            } else {
                ledger.turn(&by, turn, coverage)
            });
            let printed = inner.printed();
            drop(inner);
            if printed && let Some(row) = &turn.history {
                let id = self.world.inner().ledger.id_of(turn.key);
                let (execution, number, events) = (row.execution, row.turn, &row.events);
                println!("           {id} {execution}.{number} {events}");
            }
        }
        for what in wrong {
            self.world.violation(what);
        }
    }
}
