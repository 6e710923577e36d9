//! Crashes: what is found and finished by the next worker (design.md §4, §6).

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::client::ResultError;
use durable_runtime::prelude::*;
use durable_runtime::running::Place;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::PumpBuilder;
use durable_testkit::VirtualClock;

type Count = Arc<AtomicU32>;

#[activity]
async fn counted(count: State<Count>) -> u32 {
    count.fetch_add(1, Ordering::SeqCst) + 1
}

#[activity]
async fn kills(count: State<Count>) -> u32 {
    count.fetch_add(1, Ordering::SeqCst);
    std::future::pending().await
}

#[orchestrator]
async fn five_steps(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    let mut last = 0;
    for _ in 0..5 {
        last = counted().await?;
    }
    Ok(last)
}

#[orchestrator]
async fn dies(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
    kills().await
}

struct Hub {
    store: Arc<ModelStore>,
    clock: VirtualClock,
    place: Place,
    count: Count,
}

impl Hub {
    fn new() -> Self {
        let store = Arc::new(ModelStore::new());
        Self {
            store,
            clock: VirtualClock::new(),
            place: Place::memory(),
            count: Count::default(),
        }
    }

    fn worker(&self) -> PumpBuilder {
        self.worker_over(self.store.clone())
    }

    /// A worker without `counted`.
    fn bare_worker(&self) -> PumpBuilder {
        let builder = Pump::builder().store(self.store.clone()).clock(&self.clock);
        builder.register(five_steps)
    }

    fn worker_over(&self, store: Arc<dyn Store>) -> PumpBuilder {
        let builder = Pump::builder().store(store).clock(&self.clock);
        let builder = builder.config(|config| config.running = self.place.clone());
        let builder = builder.state(Arc::clone(&self.count));
        builder
            .register(counted)
            .register(kills)
            .register(five_steps)
            .register(dies)
    }

    /// A worker after the death of the one before it: its lease has to run out.
    async fn next_worker(&self) -> Pump {
        self.clock.advance(seconds(20));
        self.worker().start().await.unwrap()
    }
}

#[tokio::test]
async fn a_chain_that_crashes_after_every_step_finishes_with_no_step_lost() {
    for steps_before_crash in 1..12 {
        let hub = Hub::new();
        let mut pump = hub.worker().start().await.unwrap();
        let instance = FiveStepsClient::new(pump.client()).start().await.unwrap();
        for _ in 0..steps_before_crash {
            let _ = pump.step().await.unwrap();
        }
        drop(pump);
        let mut pump = hub.next_worker().await;
        pump.run_until_idle().await.unwrap();
        let result = instance.result().await.unwrap();
        let effects = hub.count.load(Ordering::SeqCst);
        assert!(
            (5..=6).contains(&effects),
            "{effects} effects, crash after {steps_before_crash}"
        );
        assert_eq!(result, effects);
    }
}

#[tokio::test]
async fn an_activity_that_takes_its_worker_down_fails_after_four_attempts() {
    let hub = Hub::new();
    let mut pump = hub.worker().start().await.unwrap();
    let instance = DiesClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    for died in 1..=4 {
        drop(pump);
        pump = hub.next_worker().await;
        pump.run_until_idle().await.unwrap();
        // After the second death it waits for a while: others might die without it.
        while died < 4 && hub.count.load(Ordering::SeqCst) == died {
            pump.advance(seconds(1)).await.unwrap();
        }
    }
    assert_eq!(hub.count.load(Ordering::SeqCst), 4);
    let failed = instance.result().await;
    assert!(
        matches!(
            failed,
            Err(ResultError::Failed(Failure::WorkerLost { attempts: 4 }))
        ),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_cache_of_no_bytes_changes_nothing_but_the_work() {
    let hub = Hub::new();
    let builder = hub.worker().config(|config| config.cache_bytes = 0);
    let mut pump = builder.start().await.unwrap();
    let instance = FiveStepsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 5);
    assert_eq!(hub.count.load(Ordering::SeqCst), 5);
}

mod before {
    use super::*;

    #[orchestrator(name = "edited")]
    pub(super) async fn edited(ctx: &OrchestrationContext) -> Result<u32, Failure> {
        ctx.sleep(seconds(30)).await;
        counted().await
    }
}

mod after {
    use super::*;

    #[orchestrator(name = "edited")]
    pub(super) async fn edited(_ctx: &OrchestrationContext) -> Result<u32, Failure> {
        counted().await
    }
}

#[tokio::test]
async fn an_edit_that_does_not_fit_parks_the_instance_until_the_code_fits_again() {
    let hub = Hub::new();
    let mut pump = hub.worker().register(before::edited).start().await.unwrap();
    let instance = before::EditedClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    drop(pump);
    hub.clock.advance(seconds(20));
    let mut pump = hub.worker().register(after::edited).start().await.unwrap();
    pump.advance(seconds(20)).await.unwrap();
    let status = instance.status().await.unwrap();
    assert_eq!(status.status(), InstanceStatus::Stalled);
    let report = status.stalled().unwrap();
    assert!(
        report.contains("timer due") && report.contains("activity `counted`"),
        "{report}"
    );
    assert!(report.matches("recovery.rs").count() >= 2, "{report}");
    drop(pump);
    hub.clock.advance(seconds(20));
    let mut pump = hub.worker().register(before::edited).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 1);
}

#[tokio::test]
async fn an_instance_without_a_worker_for_it_waits_for_one() {
    let hub = Hub::new();
    let mut pump = hub.worker().start().await.unwrap();
    let instance = before::EditedClient::new(pump.client())
        .start()
        .await
        .unwrap();
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(
        instance.status().await.unwrap().status(),
        InstanceStatus::Pending
    );
    drop(pump);
    hub.clock.advance(seconds(20));
    let mut pump = hub.worker().register(before::edited).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(30)).await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 1);
}

#[tokio::test]
async fn a_worker_that_was_taken_for_dead_changes_nothing_and_comes_back() {
    let hub = Hub::new();
    let mut first = hub.worker().start().await.unwrap();
    let instance = FiveStepsClient::new(first.client()).start().await.unwrap();
    let _ = first.step().await.unwrap();
    let mut second = hub.next_worker().await;
    second.run_until_idle().await.unwrap();
    assert_eq!(
        instance.result().await.unwrap(),
        hub.count.load(Ordering::SeqCst)
    );
    let fenced = first.run_until_idle().await.unwrap_err();
    assert!(fenced.is_fenced(), "{fenced:?}");
    first.dispatcher().restart().await.unwrap();
    first.run_until_idle().await.unwrap();
}

#[tokio::test]
async fn a_worker_whose_claim_fails_leaves_alone_what_another_owns() {
    let hub = Hub::new();
    let store = FaultyStore::new(hub.store.clone());
    let mut first = hub.worker_over(store.clone()).start().await.unwrap();
    store.fail_claims(1);
    first.dispatcher().restart().await.unwrap_err();
    let mut second = hub.worker().start().await.unwrap();
    let client = FiveStepsClient::new(second.client());
    let instance = client.start().await.unwrap();
    first.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Pending);
    second.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 5);
    assert_eq!(hub.count.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn the_only_worker_of_a_hub_claims_again_after_a_claim_that_failed() {
    let mut hub = Hub::new();
    hub.store = Arc::new(ModelStore::exclusive());
    let store = FaultyStore::new(hub.store.clone());
    let mut pump = hub.worker_over(store.clone()).start().await.unwrap();
    store.fail_claims(1);
    pump.dispatcher().restart().await.unwrap_err();
    let instance = FiveStepsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 5);
}

#[tokio::test]
async fn an_activity_that_no_worker_has_is_never_taken_for_lost() {
    let hub = Hub::new();
    let pump = hub.bare_worker().start().await.unwrap();
    let instance = FiveStepsClient::new(pump.client()).start().await.unwrap();
    drop(pump);
    for _ in 0..10 {
        hub.clock.advance(seconds(20));
        let mut pump = hub.bare_worker().start().await.unwrap();
        let _ = pump.step().await.unwrap();
    }
    let mut pump = hub.next_worker().await;
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 5);
    assert_eq!(hub.count.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn no_attempt_of_a_stalled_instance_begins_before_it_is_committed_that_it_goes_on() {
    let hub = Hub::new();
    let mut pump = hub.bare_worker().start().await.unwrap();
    let instance = FiveStepsClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    let row = hub.store.instance_fetch(instance.id()).await.unwrap();
    let row = row.unwrap();
    assert_eq!(row.status, InstanceStatus::Stalled);
    drop(pump);
    hub.clock.advance(seconds(20));
    let store = FaultyStore::new(hub.store.clone());
    store.poison(Some(row.key));
    let mut pump = hub.worker_over(store).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(hub.count.load(Ordering::SeqCst), 0);
    drop(pump);
    let mut pump = hub.next_worker().await;
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 5);
    assert_eq!(hub.count.load(Ordering::SeqCst), 5);
}
