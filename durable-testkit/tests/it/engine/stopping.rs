//! Orderly stops: what has ended by then is recorded, and does not run again.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use durable_runtime::dispatcher::Progress;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_testkit::Pump;
use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Desk {
    gate: Notify,
    is_open: AtomicBool,
    stamped: AtomicU32,
}

#[activity]
async fn stamp(desk: State<Arc<Desk>>) {
    let opened = desk.gate.notified();
    if !desk.is_open.load(Ordering::SeqCst) {
        opened.await;
    }
    desk.stamped.fetch_add(1, Ordering::SeqCst);
}

#[orchestrator]
async fn form(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    stamp().await
}

/// Stops a worker after `steps` once its 20 attempts have ended, and lets the next one finish.
async fn stamped_after_a_stop(steps: usize) -> u32 {
    let desk = Arc::new(Desk::default());
    let store = Arc::new(ModelStore::exclusive());
    let builder = || {
        Pump::builder()
            .store(store.clone())
            .state(Arc::clone(&desk))
            .register(stamp)
            .register(form)
            .config(|config| config.max_turns_per_commit = 3)
    };
    let mut pump = builder().start().await.unwrap();
    let mut forms = Vec::new();
    for _ in 0..20 {
        let started = FormClient::new(pump.client()).start();
        forms.push(started.await.unwrap().id().clone());
    }
    pump.run_until_idle().await.unwrap();
    desk.is_open.store(true, Ordering::SeqCst);
    desk.gate.notify_waiters();
    while desk.stamped.load(Ordering::SeqCst) < 20 {
        tokio::task::yield_now().await;
    }
    for _ in 0..steps {
        assert_eq!(pump.step().await.unwrap(), Progress::Made);
    }
    pump.dispatcher().interrupt().await.unwrap();
    pump.dispatcher().stop().await.unwrap();

    let mut next = builder().start().await.unwrap();
    next.run_until_idle().await.unwrap();
    for id in forms {
        let form = FormClient::new(next.client()).instance(id);
        form.result().await.unwrap();
    }
    desk.stamped.load(Ordering::SeqCst)
}

#[tokio::test]
async fn an_attempt_that_has_ended_when_its_worker_stops_is_not_made_again() {
    assert_eq!(stamped_after_a_stop(0).await, 20);
}

#[tokio::test]
async fn results_that_wait_for_their_turn_when_their_worker_stops_are_recorded() {
    assert_eq!(stamped_after_a_stop(1).await, 20);
}
