//! A wall clock that is set while the worker runs: lengths of time do not follow it.

use std::sync::Arc;

use durable_runtime::client::StoreCommands;
use durable_runtime::clock::Clock;
use durable_runtime::commands::Limits;
use durable_runtime::failure::TimeLimit;
use durable_runtime::notifier::LocalNotifier;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

#[activity(timeout = "2s")]
async fn hangs() -> Result<u32, Failure> {
    std::future::pending().await
}

#[activity(heartbeat_timeout = "2s")]
async fn falls_silent(ctx: ActivityContext) -> Result<u32, Failure> {
    ctx.heartbeat(1);
    std::future::pending().await
}

#[orchestrator]
async fn waits_for_an_activity(_ctx: &OrchestrationContext, silent: bool) -> Result<u32, Failure> {
    if silent {
        falls_silent().await
    } else {
        hangs().await
    }
}

#[orchestrator]
async fn sleeps(ctx: &OrchestrationContext, seconds_long: u64) {
    ctx.sleep(seconds(seconds_long)).await;
}

struct Hub {
    store: Arc<dyn Store>,
    clock: VirtualClock,
    pump: Pump,
}

impl Hub {
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(ModelStore::exclusive());
        let clock = VirtualClock::new();
        let builder = Pump::builder().store(Arc::clone(&store)).clock(&clock);
        let builder = builder.register(hangs).register(falls_silent);
        let builder = builder.register(waits_for_an_activity).register(sleeps);
        let pump = builder.start().await.unwrap();
        Self { store, clock, pump }
    }

    /// A client whose commands the worker finds only by looking.
    fn elsewhere(&self) -> Client {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let store = Arc::clone(&self.store);
        let commands = StoreCommands::new(
            store,
            Arc::<LocalNotifier>::default(),
            clock,
            Limits::default(),
        );
        Client::new(Arc::new(commands))
    }

    fn set_back(&self) {
        let now = self.clock.now().as_millis();
        self.clock.set(Timestamp::from_millis(now - 3_600_000));
    }

    fn set_forth(&self) {
        self.clock.set(self.clock.now() + hours(1));
    }

    /// Lets the worker go on as it does by itself: no look that its own clock does not ask for.
    async fn pass(&mut self, time: std::time::Duration) {
        self.clock.advance(time);
        for _ in 0..20 {
            let _ = self.pump.dispatcher().process_next().await.unwrap();
            tokio::task::yield_now().await;
        }
    }

    async fn run(&mut self) {
        self.pump.run_until_idle().await.unwrap();
    }
}

fn timed_out(limit: TimeLimit) -> Failure {
    let after = seconds(2);
    Failure::TimedOut { limit, after }
}

#[tokio::test]
async fn the_limits_of_an_attempt_hold_when_the_clock_is_set_back() {
    for (silent, limit) in [(false, TimeLimit::Attempt), (true, TimeLimit::Heartbeat)] {
        let mut hub = Hub::new().await;
        let client = WaitsForAnActivityClient::new(hub.pump.client());
        let instance = client.start(silent).await.unwrap();
        hub.run().await;
        hub.set_back();
        hub.pass(seconds(2)).await;
        hub.run().await;
        let failed = instance.result().await.unwrap_err();
        assert!(
            format!("{failed:?}").contains(&format!("{:?}", timed_out(limit))),
            "{failed:?}"
        );
    }
}

#[tokio::test]
async fn a_clock_set_forth_takes_no_time_from_an_attempt() {
    let mut hub = Hub::new().await;
    let client = WaitsForAnActivityClient::new(hub.pump.client());
    let instance = client.start(false).await.unwrap();
    hub.run().await;
    hub.set_forth();
    hub.pass(seconds(1)).await;
    assert_eq!(hub.pump.dispatcher().running_attempts(), 1);
    instance.terminate("enough").await.unwrap();
}

#[tokio::test]
async fn what_other_processes_send_is_seen_when_the_clock_is_set_back() {
    let mut hub = Hub::new().await;
    hub.run().await;
    hub.set_back();
    let client = SleepsClient::new(hub.elsewhere());
    let instance = client.start(100).await.unwrap();
    hub.pass(seconds(1)).await;
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Running);
}

#[tokio::test]
async fn a_wait_for_a_result_ends_when_the_clock_is_set_back() {
    let hub = Hub::new().await;
    let client = SleepsClient::new(hub.elsewhere());
    let instance = client.start(100).await.unwrap();
    let waiting = tokio::spawn(async move { instance.result().timeout(seconds(1)).await });
    tokio::task::yield_now().await;
    hub.set_back();
    hub.clock.advance(seconds(1));
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn a_timer_fires_at_its_date_though_the_clock_is_set_back_and_forth() {
    let mut hub = Hub::new().await;
    let client = SleepsClient::new(hub.pump.client());
    let instance = client.start(30).await.unwrap();
    hub.run().await;
    hub.set_back();
    hub.pass(minutes(10)).await;
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Running);
    let begun_meanwhile = client.start(30).await.unwrap();
    hub.run().await;
    hub.set_forth();
    hub.pass(seconds(1)).await;
    instance.result().await.unwrap();
    begun_meanwhile.result().await.unwrap();
}
