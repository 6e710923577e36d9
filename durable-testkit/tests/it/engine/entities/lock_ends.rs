//! Locks whose holder is cancelled, terminated, replaced or purged (semantics.md N5).

use std::sync::Arc;

use durable_runtime::client::ResultError;
use durable_runtime::dispatcher::Progress;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;

use super::account::Account;
use super::account::AccountClient;
use super::account::AccountError;

#[derive(Event, Serialize, Deserialize)]
struct Go;

/// Pays in, and pays out again when it is cancelled; that takes ten seconds.
#[orchestrator(events(Go))]
async fn pays_back(ctx: &OrchestrationContext) -> Result<(), AccountError> {
    let (mut held, mut other) = lock!(Account::at("held"), Account::at("other")).await?;
    held.deposit(1).await?;
    other.deposit(1).await?;
    let cancelled = select! {
        _ = ctx.wait_for::<Go>() => false,
        () = ctx.cancellation() => true,
    };
    if !cancelled {
        return Ok(());
    }
    ctx.shielded(async {
        ctx.sleep(seconds(10)).await;
        held.withdraw(1).await?;
        other.withdraw(1).await?;
        Err(AccountError::from(Failure::Cancelled))
    })
    .await
}

/// Waits, cancelled or not.
#[orchestrator(events(Go))]
async fn holds_on(ctx: &OrchestrationContext) -> Result<(), AccountError> {
    let (mut held, _other) = lock!(Account::at("held"), Account::at("other")).await?;
    held.deposit(1).await?;
    ctx.wait_for::<Go>().await;
    Ok(())
}

/// Lets its call fail when it is cancelled.
#[orchestrator]
async fn calls_and_calls(_ctx: &OrchestrationContext) -> Result<(), AccountError> {
    let mut parts = lock!(vec![Account::at("held"), Account::at("other")]).await?;
    for _ in 0..1_000 {
        for part in &mut parts {
            part.deposit(1).await?;
        }
    }
    Ok(())
}

struct Hub {
    store: Arc<dyn Store>,
    clock: VirtualClock,
    cache: bool,
    pump: Pump,
}

impl Hub {
    async fn new(cache: bool) -> Self {
        let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
        let pump = start(store.clone(), &clock, cache).await;
        Self {
            store,
            clock,
            cache,
            pump,
        }
    }

    /// The worker dies, and another one takes over.
    async fn crash(&mut self) {
        self.pump = start(self.store.clone(), &self.clock, self.cache).await;
        self.clock.advance(minutes(1));
    }

    async fn idle(&mut self) {
        self.pump.run_until_idle().await.unwrap();
    }

    fn account(&self, key: &str) -> AccountClient {
        AccountClient::new(self.pump.client(), key)
    }

    async fn balance(&self, key: &str) -> u64 {
        let state = self.account(key).state().await.unwrap();
        state.map_or(0, |account| account.balance)
    }

    async fn holders(&self) -> [Option<String>; 2] {
        let mut holders = [None, None];
        for (key, holder) in ["held", "other"].into_iter().zip(&mut holders) {
            let info = self.account(key).info().await.unwrap();
            *holder = info.and_then(|info| info.locked_by().map(ToString::to_string));
        }
        holders
    }

    async fn holds_on(&mut self) -> Instance<holds_on> {
        let client = HoldsOnClient::new(self.pump.client());
        let instance = client.start().id("holder").await.unwrap();
        self.idle().await;
        assert_eq!(self.holders().await, by("holder"));
        instance
    }
}

fn by(holder: &str) -> [Option<String>; 2] {
    [Some(holder.to_owned()), Some(holder.to_owned())]
}

async fn start(store: Arc<dyn Store>, clock: &VirtualClock, cache: bool) -> Pump {
    let builder = Pump::builder().store(store).clock(clock).config(|config| {
        if !cache {
            (config.cache_bytes, config.entity_cache_bytes) = (0, 0);
        }
    });
    builder
        .register_entity::<Account>()
        .register(pays_back)
        .register(holds_on)
        .register(calls_and_calls)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_lock_is_kept_while_its_cancelled_holder_cleans_up_and_released_then() {
    for (cache, crash) in [(true, false), (false, false), (true, true)] {
        let mut hub = Hub::new(cache).await;
        let client = PaysBackClient::new(hub.pump.client());
        let instance = client.start().id("holder").await.unwrap();
        hub.idle().await;
        hub.account("held").signal_deposit(10).await.unwrap();
        instance.cancel().grace(minutes(10)).await.unwrap();
        hub.idle().await;
        assert_eq!(hub.holders().await, by("holder"));
        assert_eq!(hub.balance("held").await, 1);
        if crash {
            hub.crash().await;
        }
        hub.pump.advance(seconds(10)).await.unwrap();
        let ended = instance.result().await;
        assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
        assert_eq!(hub.holders().await, [None, None]);
        assert_eq!(hub.balance("held").await, 10);
        assert_eq!(hub.balance("other").await, 0);
    }
}

#[tokio::test]
async fn a_lock_is_released_when_a_cancelled_holder_lets_its_call_fail() {
    for steps in 6..40 {
        let mut hub = Hub::new(true).await;
        let client = CallsAndCallsClient::new(hub.pump.client());
        let instance = client.start().await.unwrap();
        for _ in 0..steps {
            let _progress = hub.pump.step().await.unwrap();
        }
        instance.cancel().await.unwrap();
        hub.idle().await;
        let ended = instance.result().await;
        assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
        assert_eq!(hub.holders().await, [None, None], "{steps}");
    }
}

#[tokio::test]
async fn a_lock_is_released_when_a_cancelled_holder_goes_on_until_it_is_terminated() {
    for crash in [false, true] {
        let mut hub = Hub::new(true).await;
        let instance = hub.holds_on().await;
        hub.account("held").signal_deposit(10).await.unwrap();
        instance.cancel().grace(seconds(90)).await.unwrap();
        hub.idle().await;
        if crash {
            hub.crash().await;
        }
        hub.idle().await;
        assert_eq!(hub.holders().await, by("holder"));
        hub.pump.advance(seconds(90)).await.unwrap();
        let status = instance.status().await.unwrap().status();
        assert_eq!(status, InstanceStatus::Terminated);
        assert_eq!(hub.holders().await, [None, None]);
        assert_eq!(hub.balance("held").await, 11);
    }
}

#[tokio::test]
async fn a_lock_that_is_waited_for_is_withdrawn_when_the_waiter_is_cancelled() {
    let mut hub = Hub::new(true).await;
    let first = hub.holds_on().await;
    let client = HoldsOnClient::new(hub.pump.client());
    let second = client.start().id("second").await.unwrap();
    hub.idle().await;
    let third = client.start().id("third").await.unwrap();
    hub.idle().await;
    second.cancel().await.unwrap();
    hub.idle().await;
    let ended = second.result().await;
    assert!(matches!(ended, Err(ResultError::Canceled)), "{ended:?}");
    assert_eq!(hub.holders().await, by("holder"));
    first.raise(Go).await.unwrap();
    hub.idle().await;
    assert_eq!(hub.holders().await, by("third"));
    third.raise(Go).await.unwrap();
    hub.idle().await;
    third.result().await.unwrap();
    assert_eq!(hub.holders().await, [None, None]);
}

#[tokio::test]
async fn a_lock_is_released_though_its_holder_is_purged_before_the_entities_hear_of_its_end() {
    for crash in [false, true] {
        for again in [false, true] {
            let mut hub = Hub::new(true).await;
            let instance = hub.holds_on().await;
            hub.account("held").signal_deposit(10).await.unwrap();
            instance.terminate("enough").await.unwrap();
            // Until it has ended, and not a step further.
            while !instance.status().await.unwrap().status().is_terminal() {
                assert_eq!(hub.pump.step().await.unwrap(), Progress::Made);
            }
            let before = hub.holders().await;
            assert!(before.iter().any(Option::is_some), "{before:?}");
            assert_eq!(instance.purge().await.unwrap(), 1);
            if again {
                // Another one under the same id, which has to wait for its turn.
                let client = HoldsOnClient::new(hub.pump.client());
                client.start().id("holder").await.unwrap();
            }
            if crash {
                hub.crash().await;
            }
            hub.idle().await;
            let (holders, deposits) = if again {
                (by("holder"), 12)
            } else {
                ([None, None], 11)
            };
            assert_eq!(hub.holders().await, holders);
            assert_eq!(hub.balance("held").await, deposits);
        }
    }
}

#[tokio::test]
async fn a_lock_is_released_when_its_holder_is_replaced() {
    let mut hub = Hub::new(true).await;
    hub.holds_on().await;
    hub.account("held").signal_deposit(10).await.unwrap();
    let client = HoldsOnClient::new(hub.pump.client());
    let start = client.start().id("holder");
    let replacing = start.if_exists(IfExists::Replace(vec![InstanceStatus::Running]));
    let instance = replacing.await.unwrap();
    hub.idle().await;
    // The second one has its turn after what came before it.
    assert_eq!(hub.balance("held").await, 12);
    assert_eq!(hub.holders().await, by("holder"));
    instance.raise(Go).await.unwrap();
    hub.idle().await;
    instance.result().await.unwrap();
    assert_eq!(hub.holders().await, [None, None]);
}
