//! More timers than one page of the store holds: those that nobody can act on, and those to come.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use durable_runtime::client::StoreCommands;
use durable_runtime::clock::Clock;
use durable_runtime::commands::Limits;
use durable_runtime::dispatcher::Progress;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;

/// As the instances were begun.
mod before {
    use super::*;

    #[orchestrator(name = "naps")]
    pub(super) async fn naps(ctx: &OrchestrationContext, millis: u64) -> u64 {
        ctx.sleep(std::time::Duration::from_millis(millis)).await;
        millis
    }
}

/// As somebody has changed it.
mod after {
    use super::*;

    #[activity]
    pub(super) async fn yawns() -> Result<u64, Failure> {
        Ok(1)
    }

    #[orchestrator(name = "naps")]
    pub(super) async fn naps(_ctx: &OrchestrationContext, millis: u64) -> Result<u64, Failure> {
        Ok(yawns().await? + millis)
    }
}

#[orchestrator]
async fn sleeps(ctx: &OrchestrationContext) {
    ctx.sleep(seconds(1)).await;
}

struct Hub {
    store: Arc<FaultyStore>,
    clock: VirtualClock,
}

impl Hub {
    fn new() -> Self {
        let store = FaultyStore::new(Arc::new(ModelStore::exclusive()));
        let clock = VirtualClock::new();
        Self { store, clock }
    }

    fn worker(&self) -> PumpBuilder {
        let builder = Pump::builder().store(self.store.clone()).clock(&self.clock);
        // Twins double the work of so many instances.
        let builder = builder.config(|config| config.machine.perturb = false);
        builder.register(sleeps)
    }

    async fn sleeper(&self, pump: &mut Pump, id: &str) -> Instance<sleeps> {
        let client = SleepsClient::new(pump.client());
        let sleeper = client.start().id(id).await.unwrap();
        pump.run_until_idle().await.unwrap();
        sleeper
    }

    /// How often the store is asked in a quarter of a minute in which nothing happens.
    async fn looks_while_idle(&self, pump: &mut Pump) -> u64 {
        let before = self.store.looks();
        for _ in 0..15 {
            self.clock.advance(seconds(1));
            while pump.dispatcher().process_next().await.unwrap() == Progress::Made {}
        }
        self.store.looks() - before
    }
}

/// One look at the inbox and one for overdue timers in a second, and the next pages of the window.
const IDLE_LOOKS: u64 = 15 * 2 + 10;

#[tokio::test]
async fn timers_of_stalled_instances_keep_no_other_from_firing_and_fire_after_the_cure() {
    const MANY: usize = 1_100;
    let hub = Hub::new();
    let mut pump = hub.worker().register(before::naps).start().await.unwrap();
    let client = before::NapsClient::new(pump.client());
    let mut naps = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        naps.push(client.start(60_000).await.unwrap());
    }
    pump.run_until_idle().await.unwrap();
    drop(pump);

    hub.clock.advance(hours(1));
    let changed = hub.worker().register(after::naps).register(after::yawns);
    let mut pump = changed.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let status = naps[MANY - 1].status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Stalled);
    let fresh = hub.sleeper(&mut pump, "fresh").await;
    pump.advance(seconds(1)).await.unwrap();
    fresh.result().await.unwrap();
    let looks = hub.looks_while_idle(&mut pump).await;
    assert!(looks <= IDLE_LOOKS, "{looks} looks");
    drop(pump);

    let mut pump = hub.worker().register(before::naps).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    for nap in naps {
        assert_eq!(nap.result().await.unwrap(), 60_000);
    }
}

#[tokio::test]
async fn three_pages_of_timers_to_come_cost_nothing_and_fire_on_time() {
    const MANY: u64 = 3_000;
    let hub = Hub::new();
    let mut pump = hub.worker().register(before::naps).start().await.unwrap();
    let client = before::NapsClient::new(pump.client());
    let mut naps = Vec::new();
    for number in 0..MANY {
        naps.push(client.start(25_000 + number).await.unwrap());
    }
    pump.run_until_idle().await.unwrap();
    drop(pump);

    let mut pump = hub.worker().register(before::naps).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let looks = hub.looks_while_idle(&mut pump).await;
    assert!(looks <= IDLE_LOOKS, "{looks} looks");
    let fresh = hub.sleeper(&mut pump, "fresh").await;
    pump.advance(seconds(1)).await.unwrap();
    fresh.result().await.unwrap();
    pump.advance(seconds(12)).await.unwrap();
    for nap in naps {
        let status = nap.status().await.unwrap();
        assert_eq!(status.status(), InstanceStatus::Completed, "{}", nap.id());
    }
}

#[tokio::test]
async fn a_start_that_another_process_schedules_is_not_late() {
    let hub = Hub::new();
    let mut pump = hub.worker().start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let clock: Arc<dyn Clock> = Arc::new(hub.clock.clone());
    let store: Arc<dyn Store> = hub.store.clone();
    let elsewhere = StoreCommands::new(
        store,
        Arc::<LocalNotifier>::default(),
        clock,
        Limits::default(),
    );
    let client = SleepsClient::new(Client::new(Arc::new(elsewhere)));
    let instance = client.start().delay(seconds(5)).await.unwrap();
    pump.advance(seconds(5)).await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Running);
}

/// Counts how many of its kind there are in memory.
struct Napping(&'static AtomicU32);

impl Napping {
    fn new(count: &'static AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Napping {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Event, Serialize, Deserialize)]
struct WakeUp;

static WAITING: AtomicU32 = AtomicU32::new(0);

#[orchestrator(events(WakeUp))]
async fn naps_until_woken(ctx: &OrchestrationContext) {
    let _napping = Napping::new(&WAITING);
    ctx.wait_for::<WakeUp>().await;
}

#[tokio::test]
async fn what_waits_for_long_does_not_stay_in_memory() {
    let hub = Hub::new();
    let builder = hub.worker().register(naps_until_woken);
    let builder = builder.config(|config| config.cache_time = minutes(1));
    let mut pump = builder.start().await.unwrap();
    let client = NapsUntilWokenClient::new(pump.client());
    let instance = client.start().id("a").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(WAITING.load(Ordering::Relaxed), 1);
    hub.clock.advance(seconds(59));
    pump.run_until_idle().await.unwrap();
    assert_eq!(WAITING.load(Ordering::Relaxed), 1);
    hub.clock.advance(seconds(1));
    pump.run_until_idle().await.unwrap();
    assert_eq!(WAITING.load(Ordering::Relaxed), 0);
    instance.raise(WakeUp).await.unwrap();
    pump.run_until_idle().await.unwrap();
    instance.result().await.unwrap();
}

static SLEEPING: AtomicU32 = AtomicU32::new(0);

#[orchestrator(events(WakeUp))]
async fn naps_for(ctx: &OrchestrationContext, time: Duration) {
    let _napping = Napping::new(&SLEEPING);
    ctx.sleep(time).await;
    ctx.wait_for::<WakeUp>().await;
}

#[tokio::test]
async fn what_sleeps_for_longer_than_it_would_be_kept_leaves_memory_in_a_second() {
    let hub = Hub::new();
    let builder = hub.worker().register(naps_for);
    let builder = builder.config(|config| config.cache_time = minutes(1));
    let mut pump = builder.start().await.unwrap();
    let client = NapsForClient::new(pump.client());
    client.start(seconds(60)).await.unwrap();
    let long = client.start(seconds(61)).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(SLEEPING.load(Ordering::Relaxed), 2);
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(SLEEPING.load(Ordering::Relaxed), 1, "the shorter one");
    // It hears what comes all the same, and stays once many events would each replay it.
    for _ in 0..200 {
        long.raise(WakeUp).await.unwrap();
        pump.run_until_idle().await.unwrap();
    }
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(SLEEPING.load(Ordering::Relaxed), 2);
    pump.advance(seconds(61)).await.unwrap();
    long.result().await.unwrap();
}
