//! Processes that die again and again: who is blamed, who is not, and what goes on meanwhile.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use durable_runtime::InstanceId;
use durable_runtime::client::Instance;
use durable_runtime::client::ResultError;
use durable_runtime::clock::Clock;
use durable_runtime::clock::Tick;
use durable_runtime::dispatcher::Executor;
use durable_runtime::dispatcher::Holds;
use durable_runtime::history::HistoryEvent;
use durable_runtime::ids::Execution;
use durable_runtime::prelude::*;
use durable_runtime::running::Computation;
use durable_runtime::running::Mark;
use durable_runtime::running::Place;
use durable_runtime::running::Running;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use tokio::sync::Notify;

/// What activities do to their process.
#[derive(Debug, Default)]
struct Site {
    died: AtomicBool,
    gate: Notify,
    is_open: AtomicBool,
    most_attempts: AtomicU32,
}

impl Site {
    async fn pass_the_gate(&self) {
        let opened = self.gate.notified();
        if !self.is_open.load(Ordering::SeqCst) {
            opened.await;
        }
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
        self.gate.notify_waiters();
    }
}

/// Takes long, or ends its process.
#[activity]
async fn work(ctx: ActivityContext, site: State<Arc<Site>>, deadly: bool) -> u32 {
    site.most_attempts
        .fetch_max(ctx.attempt(), Ordering::SeqCst);
    if deadly {
        site.died.store(true, Ordering::SeqCst);
        std::future::pending::<()>().await;
    }
    site.pass_the_gate().await;
    1
}

#[activity(retry(max_attempts = 1, initial = "1s"))]
async fn flaky(ctx: ActivityContext, site: State<Arc<Site>>) -> Result<u32, Flaky> {
    site.pass_the_gate().await;
    Err(Flaky::InAttempt(ctx.attempt()))
}

#[derive(Debug, PartialEq, thiserror::Error, serde::Serialize, serde::Deserialize)]
enum Flaky {
    #[error("in attempt {0}")]
    InAttempt(u32),
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Goes on from where the last attempt was.
#[activity(heartbeat_timeout = "1m")]
async fn counts(ctx: ActivityContext, site: State<Arc<Site>>) -> u32 {
    let last = ctx.last_heartbeat::<u32>().unwrap_or(0);
    ctx.heartbeat(last + 1);
    site.pass_the_gate().await;
    last + 1
}

#[orchestrator]
async fn one(_ctx: &OrchestrationContext, deadly: bool) -> Result<u32, Failure> {
    work(deadly).await
}

#[orchestrator]
async fn tries(_ctx: &OrchestrationContext) -> Result<u32, Flaky> {
    flaky().await
}

#[orchestrator]
async fn count(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    counts().await
}

/// Has all that is computed hold its thread for so long.
#[derive(Debug)]
struct Holding {
    clock: VirtualClock,
    time: Duration,
    begun: Mutex<Vec<Tick>>,
}

impl Holds for Holding {
    fn next(&self, _of_entity: bool) -> Duration {
        self.begun.lock().unwrap().push(self.clock.monotonic());
        self.time
    }
}

/// A machine: what is left when a process dies.
struct Machine {
    store: Arc<ModelStore>,
    clock: VirtualClock,
    place: Place,
    site: Arc<Site>,
    holds: Option<Arc<Holding>>,
}

impl Machine {
    fn new() -> Self {
        Self {
            store: Arc::new(ModelStore::exclusive()),
            clock: VirtualClock::new(),
            place: Place::memory(),
            site: Arc::default(),
            holds: None,
        }
    }

    fn whose_turns_take(time: Duration) -> Self {
        let machine = Self::new();
        let holds = Holding {
            clock: machine.clock.clone(),
            time,
            begun: Mutex::default(),
        };
        Self {
            holds: Some(Arc::new(holds)),
            ..machine
        }
    }

    async fn process(&self) -> Pump {
        self.process_with(1_000).await
    }

    async fn process_with(&self, at_once: usize) -> Pump {
        self.site.died.store(false, Ordering::SeqCst);
        let builder = Pump::builder()
            .store(self.store.clone())
            .clock(&self.clock)
            .state(Arc::clone(&self.site))
            .register(work)
            .register(flaky)
            .register(counts)
            .register(one)
            .register(tries)
            .register(count)
            .config(|config| {
                config.running = self.place.clone();
                config.machine.perturb = false;
                config.max_concurrent_activities = at_once;
                if let Some(holds) = &self.holds {
                    config.executor = Executor::Simulated(holds.clone());
                }
            });
        builder.start().await.unwrap()
    }

    /// Starts as many instances, of which one is deadly if it has that number.
    async fn start(&self, instances: u32, deadly: Option<u32>) {
        let pump = self.process().await;
        for number in 0..instances {
            let start = OneClient::new(pump.client()).start(Some(number) == deadly);
            start.id(format!("one-{number}")).await.unwrap();
        }
    }

    /// Goes on for a while, whatever is left to do; says whether the process is dead by then.
    async fn live(&self, pump: &mut Pump) -> bool {
        for _ in 0..60 {
            let mut idle = 0;
            while idle < 3 {
                if self.site.died.load(Ordering::SeqCst) {
                    return true;
                }
                match pump.step().await.unwrap() {
                    durable_runtime::dispatcher::Progress::Made => idle = 0,
                    durable_runtime::dispatcher::Progress::Idle => idle += 1,
                }
            }
            self.clock.advance(seconds(1));
        }
        false
    }

    /// One process after the other, until one lives on. Returns how many died.
    async fn until_one_lives(&self) -> (Pump, u32) {
        for deaths in 0..100 {
            let mut pump = self.process().await;
            if !self.live(&mut pump).await {
                return (pump, deaths);
            }
        }
        panic!("they die for ever");
    }
}

async fn completed(pump: &Pump) -> u64 {
    let completed = pump.client().instances().status(InstanceStatus::Completed);
    completed.count().await.unwrap()
}

fn one_of(pump: &Pump, id: &str) -> Instance<one> {
    OneClient::new(pump.client()).instance(InstanceId::new(id).unwrap())
}

async fn loss(pump: &Pump, id: &str) -> u32 {
    let instance = one_of(pump, id);
    match instance.result().await {
        Err(ResultError::Failed(Failure::WorkerLost { attempts })) => attempts,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn of_1000_activities_the_one_that_ends_its_process_fails_and_no_other() {
    let machine = Machine::new();
    machine.site.open();
    machine.start(1_000, Some(700)).await;
    let (pump, deaths) = machine.until_one_lives().await;
    assert!(deaths <= 14, "{deaths}");
    assert_eq!(completed(&pump).await, 999);
    assert_eq!(loss(&pump, "one-700").await, deaths);
}

#[tokio::test]
async fn one_that_ends_its_process_is_found_among_100_that_take_for_ever() {
    let machine = Machine::new();
    machine.start(100, Some(70)).await;
    let (mut pump, deaths) = machine.until_one_lives().await;
    assert!((4..=15).contains(&deaths), "{deaths}");
    loss(&pump, "one-70").await;
    assert_eq!(pump.dispatcher().running_attempts(), 99);
    machine.site.open();
    pump.run_until_idle().await.unwrap();
    assert_eq!(completed(&pump).await, 99);
}

#[tokio::test]
async fn one_that_ends_its_process_is_found_though_its_replay_takes_long() {
    let machine = Machine::whose_turns_take(seconds(2));
    machine.start(1, Some(0)).await;
    let (pump, deaths) = machine.until_one_lives().await;
    assert!(deaths <= 6, "{deaths}");
    assert_eq!(loss(&pump, "one-0").await, deaths);
}

#[tokio::test]
async fn turns_in_which_processes_died_are_made_one_at_a_time() {
    let machine = Machine::whose_turns_take(seconds(5));
    machine.start(2, None).await;
    // A process that died in the first turns of both.
    let record = Running::begin_at(&machine.place, &[]);
    for id in ["one-0", "one-1"] {
        let id = InstanceId::new(id).unwrap();
        let row = machine.store.instance_fetch(&id).await.unwrap();
        let (key, execution) = (row.unwrap().key, Execution::FIRST);
        let of = Computation::Turn { key, execution };
        std::mem::forget(record.begin(Mark { of, number: 1 }));
    }
    record.abandon();
    machine.site.open();
    let mut pump = machine.process().await;
    for _ in 0..40 {
        pump.advance(seconds(1)).await.unwrap();
    }
    assert_eq!(completed(&pump).await, 2);
    let holds = machine.holds.unwrap();
    let begun = holds.begun.lock().unwrap();
    assert!(begun[1].since(begun[0]) >= holds.time, "{begun:?}");
}

#[tokio::test]
async fn processes_that_are_killed_20_times_in_a_row_fail_nothing() {
    let machine = Machine::new();
    machine.start(1_000, None).await;
    for _ in 0..20 {
        let mut pump = machine.process().await;
        pump.run_until_idle().await.unwrap();
        assert!(pump.dispatcher().running_attempts() > 400);
    }
    machine.site.open();
    let (pump, deaths) = machine.until_one_lives().await;
    assert_eq!(deaths, 0);
    assert_eq!(completed(&pump).await, 1_000);
}

#[tokio::test]
async fn after_three_kills_activities_run_beside_each_other_still() {
    let machine = Machine::new();
    machine.start(100, None).await;
    for _ in 0..3 {
        let mut pump = machine.process().await;
        pump.run_until_idle().await.unwrap();
    }
    let mut pump = machine.process().await;
    pump.run_until_idle().await.unwrap();
    let at_once = pump.dispatcher().running_attempts();
    assert!(at_once >= 80, "{at_once}");
    pump.advance(seconds(3)).await.unwrap();
    assert_eq!(pump.dispatcher().running_attempts(), 100);
}

#[tokio::test]
async fn attempts_that_only_wait_for_room_are_never_lost() {
    let machine = Machine::new();
    machine.start(10, None).await;
    for _ in 0..6 {
        let mut pump = machine.process_with(2).await;
        pump.run_until_idle().await.unwrap();
        assert_eq!(pump.dispatcher().running_attempts(), 2);
    }
    let mut lost = 0;
    let pump = machine.process().await;
    for number in 0..10 {
        let instance = one_of(&pump, &format!("one-{number}"));
        let history = instance.history().await.unwrap();
        let is_lost = |e: &&HistoryEvent| matches!(e, HistoryEvent::ActivityAttemptLost { .. });
        lost += history.events().filter(is_lost).count();
    }
    // The last deaths are not recorded yet.
    assert_eq!(lost, 2 * 5);
}

#[tokio::test]
async fn an_attempt_that_a_stop_interrupts_is_made_anew_and_nothing_counts_against_it() {
    let machine = Machine::new();
    let mut pump = machine.process().await;
    let long = CountClient::new(pump.client()).start().await.unwrap();
    let flaky = TriesClient::new(pump.client()).start().await.unwrap();
    for deploy in 1..=6 {
        pump.run_until_idle().await.unwrap();
        pump.dispatcher().interrupt().await.unwrap();
        pump.dispatcher().stop().await.unwrap();
        let history = flaky.history().await.unwrap();
        let interrupted = |event: &&HistoryEvent| {
            matches!(
                event,
                HistoryEvent::ActivityAttemptLost { stopped: true, .. }
            )
        };
        assert_eq!(history.events().filter(interrupted).count(), deploy);
        pump = machine.process().await;
    }
    machine.site.open();
    pump.run_until_idle().await.unwrap();
    assert_eq!(long.result().await.unwrap(), 7);
    // Its policy allows one attempt; those that were interrupted are none.
    let failed = flaky.result().await;
    assert!(
        matches!(failed, Err(ResultError::Failed(Flaky::InAttempt(7)))),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_activity_whose_heartbeats_go_on_is_not_blamed_for_deaths() {
    let machine = Machine::new();
    let mut pump = machine.process().await;
    let long = CountClient::new(pump.client()).start().await.unwrap();
    for _ in 0..8 {
        pump.run_until_idle().await.unwrap();
        // Progress is written once a second.
        pump.advance(seconds(1)).await.unwrap();
        drop(pump);
        pump = machine.process().await;
    }
    machine.site.open();
    let (_pump, deaths) = machine.until_one_lives().await;
    assert_eq!(deaths, 0);
    assert_eq!(long.result().await.unwrap(), 9);
}

#[tokio::test]
async fn without_a_record_no_death_counts_and_everything_begins_anew() {
    let machine = Machine::new();
    machine.start(3, None).await;
    for _ in 0..8 {
        let forgetful = Machine {
            store: machine.store.clone(),
            clock: machine.clock.clone(),
            place: Place::memory(),
            site: Arc::clone(&machine.site),
            holds: None,
        };
        let mut pump = forgetful.process().await;
        pump.run_until_idle().await.unwrap();
        assert_eq!(pump.dispatcher().running_attempts(), 3);
    }
    assert_eq!(machine.site.most_attempts.load(Ordering::SeqCst), 1);
}
