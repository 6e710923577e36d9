//! Options of calls of entities: `.timeout`, `.retry`, `.retry_with`, `.label`.

use std::sync::Arc;

use durable_runtime::failure::TimeLimit;
use durable_runtime::history::HistoryEvent;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;

use super::account::Account;
use super::account::AccountClient;
use super::account::AccountError;

#[derive(Event, Serialize, Deserialize)]
struct Go;

#[orchestrator(events(Go))]
async fn holds(ctx: &OrchestrationContext) -> Result<(), Failure> {
    let _held = lock!(Account::at("a")).await?;
    ctx.wait_for::<Go>().await;
    Ok(())
}

/// Pays in, but does not wait for it longer than five seconds.
#[orchestrator]
async fn is_impatient(ctx: &OrchestrationContext) -> Result<Option<Failure>, Failure> {
    let paid = Account::at("a").deposit(1).timeout(seconds(5)).await;
    ctx.sleep(days(1)).await;
    Ok(paid.err())
}

/// Pays out until there is enough.
#[orchestrator]
async fn persists(_ctx: &OrchestrationContext, attempts: u32) -> Result<u64, AccountError> {
    let paying = Account::at("a").withdraw(10).label("rent");
    paying.retry(RetryPolicy::new(attempts, hours(1))).await
}

/// Pays out until there is enough, in a critical section.
#[orchestrator]
async fn persists_alone(ctx: &OrchestrationContext) -> Result<u64, AccountError> {
    let mut account = lock!(Account::at("a")).await?;
    let mut paid_in = false;
    loop {
        let paying = account.withdraw(10).label("rent").timeout(hours(1));
        let paid = paying.retry_with(|attempt, error| match error {
            AccountError::Insufficient { missing } if attempt < 3 => Some(minutes(*missing)),
            _ => None,
        });
        match paid.await {
            Err(AccountError::Insufficient { .. }) if !paid_in => paid_in = true,
            ended => return ended,
        }
        account.deposit(12).timeout(hours(1)).await?;
        ctx.sleep(minutes(1)).await;
    }
}

async fn pump_on(store: Arc<dyn Store>, clock: &VirtualClock, cache: bool) -> Pump {
    let builder = Pump::builder().store(store).clock(clock).config(|config| {
        if !cache {
            (config.cache_bytes, config.entity_cache_bytes) = (0, 0);
        }
    });
    builder
        .register_entity::<Account>()
        .register(holds)
        .register(is_impatient)
        .register(persists)
        .register(persists_alone)
        .start()
        .await
        .unwrap()
}

async fn balance(pump: &Pump) -> u64 {
    let account = AccountClient::new(pump.client(), "a").state().await;
    account.unwrap().map_or(0, |account| account.balance)
}

#[tokio::test]
async fn a_call_that_is_not_answered_in_time_fails_and_its_operation_runs_all_the_same() {
    for (cache, crash) in [(true, false), (false, false), (true, true)] {
        let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
        let mut pump = pump_on(store.clone(), &clock, cache).await;
        let holder = HoldsClient::new(pump.client()).start().await.unwrap();
        pump.run_until_idle().await.unwrap();
        let client = IsImpatientClient::new(pump.client());
        let caller = client.start().await.unwrap();
        pump.run_until_idle().await.unwrap();
        pump.advance(seconds(4)).await.unwrap();
        assert_eq!(caller.history().await.unwrap().events().count(), 2);
        if crash {
            pump = pump_on(store.clone(), &clock, cache).await;
        }
        pump.advance(minutes(1)).await.unwrap();
        let history = caller.history().await.unwrap();
        let passed = |event: &&HistoryEvent| matches!(event, HistoryEvent::DeadlinePassed { .. });
        assert_eq!(history.events().filter(passed).count(), 1);
        holder.raise(Go).await.unwrap();
        pump.run_until_idle().await.unwrap();
        assert_eq!(balance(&pump).await, 1);
        pump.advance(days(1)).await.unwrap();
        let told = caller.result().await.unwrap();
        let expected = Failure::TimedOut {
            limit: TimeLimit::Total,
            after: seconds(5),
        };
        assert_eq!(told, Some(expected));
    }
}

#[tokio::test]
async fn the_limit_of_a_call_that_was_answered_in_time_is_forgotten() {
    let mut pump = pump_on(Arc::new(ModelStore::new()), &VirtualClock::new(), true).await;
    let client = IsImpatientClient::new(pump.client());
    let caller = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(balance(&pump).await, 1);
    pump.advance(minutes(1)).await.unwrap();
    assert_eq!(caller.history().await.unwrap().events().count(), 4);
    pump.advance(days(1)).await.unwrap();
    assert_eq!(caller.result().await.unwrap(), None);
}

#[tokio::test]
async fn an_operation_that_fails_is_called_again() {
    for cache in [true, false] {
        let store = Arc::new(ModelStore::new());
        let mut pump = pump_on(store, &VirtualClock::new(), cache).await;
        let client = PersistsClient::new(pump.client());
        let succeeds = client.start(3).await.unwrap();
        let gives_up = client.start(2).await.unwrap();
        pump.run_until_idle().await.unwrap();
        pump.advance(hours(1)).await.unwrap();
        assert!(gives_up.result().await.is_err());
        let account = AccountClient::new(pump.client(), "a");
        account.signal_deposit(15).await.unwrap();
        pump.run_until_idle().await.unwrap();
        assert_eq!(balance(&pump).await, 15);
        pump.advance(hours(1)).await.unwrap();
        assert_eq!(succeeds.result().await.unwrap(), 5);
        let history = succeeds.history().await.unwrap();
        let labels = history.events().filter_map(|event| match event {
            HistoryEvent::EntityCalled { options, .. } => options.label.as_deref(),
            _ => None,
        });
        assert_eq!(labels.collect::<Vec<_>>(), ["rent"; 3]);
    }
}

#[tokio::test]
async fn an_operation_that_fails_in_a_critical_section_is_called_again_in_it() {
    for cache in [true, false] {
        let store = Arc::new(ModelStore::new());
        let mut pump = pump_on(store, &VirtualClock::new(), cache).await;
        let client = PersistsAloneClient::new(pump.client());
        let instance = client.start().id("holder").await.unwrap();
        let account = AccountClient::new(pump.client(), "a");
        pump.run_until_idle().await.unwrap();
        account.signal_deposit(100).await.unwrap();
        for _ in 0..2 {
            pump.advance(minutes(10)).await.unwrap();
            let info = account.info().await.unwrap().unwrap();
            assert_eq!(
                info.locked_by().map(ToString::to_string),
                Some("holder".to_owned())
            );
        }
        pump.advance(minutes(10)).await.unwrap();
        assert_eq!(instance.result().await.unwrap(), 2);
        assert_eq!(balance(&pump).await, 102);
    }
}
