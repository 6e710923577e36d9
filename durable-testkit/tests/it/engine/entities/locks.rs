//! Critical sections (semantics.md N5, N6).

use std::sync::Arc;

use durable_runtime::entity::EntityRef;
use durable_runtime::failure::SectionRule;
use durable_runtime::ids::EntityId;
use durable_runtime::ids::Execution;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_runtime::work::InstanceStatus;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;
use serde::Deserialize;
use serde::Serialize;

use super::account::Account;
use super::account::AccountClient;
use super::account::AccountError;
use super::list::Journal;
use super::list::JournalClient;

#[derive(Event, Serialize, Deserialize)]
struct Go;

/// Moves money; waits in the middle, where it holds both.
#[orchestrator(events(Go))]
async fn transfer(
    ctx: &OrchestrationContext,
    from: String,
    to: String,
    amount: u64,
    wait: bool,
) -> Result<u64, AccountError> {
    let (mut from, mut to) = lock!(Account::at(from), Account::at(to)).await?;
    let left = from.withdraw(amount).await?;
    if wait {
        ctx.wait_for::<Go>().await;
    }
    to.deposit(amount).await?;
    Ok(left)
}

/// Locks five entities in the order in which they are given, writes to each, and lets them go.
#[orchestrator]
async fn locks_five(
    ctx: &OrchestrationContext,
    name: String,
    keys: Vec<String>,
    rounds: u32,
) -> Result<(), Failure> {
    for _ in 0..rounds {
        let mut parts = lock!(keys.iter().map(Journal::at).collect::<Vec<_>>()).await?;
        for part in &mut parts {
            part.append(name.clone()).await?;
        }
    }
    ctx.now();
    Ok(())
}

/// Ends in a way of its own while it holds a lock.
#[orchestrator(events(Go))]
async fn ends(ctx: &OrchestrationContext, how: String) -> Result<(), AccountError> {
    let mut part = lock!(Account::at("held")).await?;
    part.deposit(1).await?;
    ctx.wait_for::<Go>().await;
    match how.as_str() {
        "drop" => {
            drop(part);
            ctx.sleep(days(1)).await;
            Ok(())
        }
        "fail" => Err(AccountError::Insufficient { missing: 0 }),
        "panic" => panic!("on purpose"),
        "continue" => ctx.continue_as_new("wait".to_owned()).await,
        _ => Ok(()),
    }
}

/// Gives up waiting for a lock.
#[orchestrator]
async fn impatient(ctx: &OrchestrationContext) -> Result<bool, Failure> {
    let locked = select! {
        locked = lock!(Account::at("a"), Account::at("held"), Account::at("z")) => {
            drop(locked?);
            true
        }
        () = ctx.sleep(seconds(5)) => false
    };
    ctx.sleep(days(1)).await;
    Ok(locked)
}

/// Breaks each rule of critical sections, and goes on.
#[orchestrator]
async fn breaks_rules(ctx: &OrchestrationContext) -> Result<Vec<SectionRule>, Failure> {
    let mut part = lock!(Account::at("a")).await?;
    let broken = [
        lock!(Account::at("b")).await.err(),
        nothing().await.err(),
        Account::at("a").signal_deposit(1).await.err(),
        Account::at("b").deposit(1).await.err(),
        Account::at("a").deposit(1).await.err(),
    ];
    // These are allowed.
    Account::at("b").signal_deposit(1).await?;
    part.deposit(7).await?;
    drop(part);
    Account::at("a").deposit(1).await?;
    nothing().await?;
    ctx.sleep(seconds(1)).await;
    let rules = broken.into_iter().map(|failure| match failure {
        Some(Failure::CriticalSection(rule)) => rule,
        other => panic!("{other:?}"),
    });
    Ok(rules.collect())
}

#[orchestrator]
async fn nothing(_ctx: &OrchestrationContext) {}

#[orchestrator]
async fn locks_one_twice(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    let (mut one, mut other) = lock!(Account::at("same"), Account::at("same")).await?;
    one.deposit(1).await?;
    other.deposit(2).await?;
    one.balance().await
}

async fn pump_on(store: Arc<dyn Store>, clock: &VirtualClock, cache: bool) -> Pump {
    let builder = Pump::builder().store(store).clock(clock).config(|config| {
        if !cache {
            (config.cache_bytes, config.entity_cache_bytes) = (0, 0);
        }
    });
    builder
        .register_entity::<Account>()
        .register_entity::<Journal>()
        .register(transfer)
        .register(locks_five)
        .register(ends)
        .register(impatient)
        .register(breaks_rules)
        .register(nothing)
        .register(locks_one_twice)
        .start()
        .await
        .unwrap()
}

async fn pump() -> Pump {
    pump_on(Arc::new(ModelStore::new()), &VirtualClock::new(), true).await
}

fn account(pump: &Pump, key: &str) -> AccountClient {
    AccountClient::new(pump.client(), key)
}

async fn balance(pump: &Pump, key: &str) -> u64 {
    let state = account(pump, key).state().await.unwrap();
    state.map_or(0, |account| account.balance)
}

async fn holder(pump: &Pump, key: &str) -> Option<String> {
    let info = account(pump, key).info().await.unwrap()?;
    info.locked_by().map(ToString::to_string)
}

async fn start_transfer(
    pump: &Pump,
    id: &str,
    (from, to): (&str, &str),
    wait: bool,
) -> Instance<transfer> {
    TransferClient::new(pump.client())
        .start(from.to_owned(), to.to_owned(), 10, wait)
        .id(id)
        .await
        .unwrap()
}

#[tokio::test]
async fn while_entities_are_locked_all_others_queue_in_order() {
    let mut pump = pump().await;
    account(&pump, "a").signal_deposit(100).await.unwrap();
    let instance = start_transfer(&pump, "t", ("a", "b"), true).await;
    pump.run_until_idle().await.unwrap();
    assert_eq!(holder(&pump, "a").await.as_deref(), Some("t"));
    assert_eq!(holder(&pump, "b").await.as_deref(), Some("t"));
    account(&pump, "a").signal_withdraw(95).await.unwrap();
    account(&pump, "a").signal_deposit(5).await.unwrap();
    let second = start_transfer(&pump, "t2", ("b", "a"), false).await;
    pump.run_until_idle().await.unwrap();
    assert_eq!(balance(&pump, "a").await, 90);
    let info = account(&pump, "a").info().await.unwrap().unwrap();
    assert_eq!(info.backlog(), 3);
    instance.raise(Go).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 90);
    // In the order in which it came: 95 is more than is there, 5 are paid in, then the transfer.
    assert_eq!(second.result().await.unwrap(), 0);
    assert_eq!(
        (balance(&pump, "a").await, balance(&pump, "b").await),
        (105, 0)
    );
    assert_eq!(
        (holder(&pump, "a").await, holder(&pump, "b").await),
        (None, None)
    );
}

#[tokio::test]
async fn two_orchestrations_that_lock_five_entities_in_opposite_orders_never_wait_for_each_other() {
    let mut pump = pump().await;
    let keys: Vec<_> = ["1", "2", "3", "4", "5"].map(ToOwned::to_owned).into();
    let reversed: Vec<_> = keys.iter().rev().cloned().collect();
    let client = LocksFiveClient::new(pump.client());
    let one = client
        .start("one".to_owned(), keys.clone(), 1_000)
        .await
        .unwrap();
    let two = client
        .start("two".to_owned(), reversed, 1_000)
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    one.result().await.unwrap();
    two.result().await.unwrap();
    let first = JournalClient::new(pump.client(), "1")
        .state()
        .await
        .unwrap();
    assert_eq!(first.as_ref().unwrap().entries.len(), 2_000);
    for key in &keys {
        let journal = JournalClient::new(pump.client(), key);
        // All saw the sections in one order: a section is atomic.
        assert_eq!(journal.state().await.unwrap(), first);
        assert_eq!(journal.info().await.unwrap().unwrap().locked_by(), None);
    }
}

#[tokio::test]
async fn a_lock_is_released_however_its_holder_ends() {
    for cache in [true, false] {
        for how in ["drop", "return", "fail", "panic", "continue", "terminate"] {
            let store = Arc::new(ModelStore::new());
            let mut pump = pump_on(store, &VirtualClock::new(), cache).await;
            let client = EndsClient::new(pump.client());
            let instance = client.start(how.to_owned()).id("holder").await.unwrap();
            pump.run_until_idle().await.unwrap();
            account(&pump, "held").signal_deposit(10).await.unwrap();
            pump.run_until_idle().await.unwrap();
            assert_eq!(balance(&pump, "held").await, 1, "{how}");
            assert_eq!(holder(&pump, "held").await.as_deref(), Some("holder"));
            if how == "terminate" {
                instance.terminate("enough").await.unwrap();
            } else {
                instance.raise(Go).await.unwrap();
            }
            pump.run_until_idle().await.unwrap();
            let again = u64::from(how == "continue");
            assert_eq!(balance(&pump, "held").await, 11 + again, "{how}");
            let expected = (how == "continue").then_some("holder");
            assert_eq!(holder(&pump, "held").await.as_deref(), expected, "{how}");
        }
    }
}

#[tokio::test]
async fn a_lock_of_an_instance_that_is_stalled_and_then_terminated_is_released() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let mut pump = pump_on(store.clone(), &clock, true).await;
    let client = pump.client();
    let holder_of = EndsClient::new(&client);
    let instance = holder_of
        .start("return".to_owned())
        .id("holder")
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    drop(pump);
    // Its code is another one now, under the same name.
    let builder = Pump::builder().store(store).clock(&clock);
    let builder = builder.register_entity::<Account>();
    let mut pump = builder.register(other::ends).start().await.unwrap();
    instance.raise(Go).await.unwrap();
    clock.advance(minutes(1));
    pump.run_until_idle().await.unwrap();
    let status = instance.status().await.unwrap().status();
    assert_eq!(status, InstanceStatus::Stalled);
    instance.terminate("enough").await.unwrap();
    account(&pump, "held").signal_deposit(10).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(holder(&pump, "held").await, None);
    assert_eq!(balance(&pump, "held").await, 11);
}

mod other {
    use super::*;

    #[orchestrator(events(Go))]
    pub(super) async fn ends(ctx: &OrchestrationContext, how: String) -> Result<(), AccountError> {
        drop(how);
        ctx.sleep(days(1)).await;
        Ok(())
    }
}

#[tokio::test]
async fn a_lock_that_nobody_waits_for_any_more_goes_to_the_next() {
    let mut pump = pump().await;
    let held = EndsClient::new(pump.client());
    let held = held.start("return".to_owned()).id("holder").await.unwrap();
    pump.run_until_idle().await.unwrap();
    let waits = ImpatientClient::new(pump.client())
        .start()
        .id("impatient")
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    // It has the first, waits for the second, and has not come to the third.
    assert_eq!(holder(&pump, "a").await.as_deref(), Some("impatient"));
    assert_eq!(holder(&pump, "held").await.as_deref(), Some("holder"));
    pump.advance(seconds(5)).await.unwrap();
    assert_eq!(holder(&pump, "a").await, None);
    held.raise(Go).await.unwrap();
    pump.run_until_idle().await.unwrap();
    for key in ["a", "held", "z"] {
        assert_eq!(holder(&pump, key).await, None, "{key}");
    }
    // Nothing is left of the request that was withdrawn: all can be locked again.
    let again = ImpatientClient::new(pump.client()).start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(days(2)).await.unwrap();
    assert!(again.result().await.unwrap());
    assert!(!waits.result().await.unwrap());
}

#[tokio::test]
async fn the_rules_of_critical_sections_are_typed_errors_and_the_section_goes_on() {
    let mut pump = pump().await;
    let client = BreaksRulesClient::new(pump.client());
    let instance = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(1)).await.unwrap();
    let (a, b) = (EntityId::new("Account", "a"), EntityId::new("Account", "b"));
    let expected = [
        SectionRule::NestedLock,
        SectionRule::SubOrchestration {
            name: "nothing".to_owned(),
        },
        SectionRule::SignalToLocked { entity: a.clone() },
        SectionRule::CallToUnlocked { entity: b },
        SectionRule::CallPastLock { entity: a },
    ];
    assert_eq!(instance.result().await.unwrap(), expected);
    assert_eq!(
        (balance(&pump, "a").await, balance(&pump, "b").await),
        (8, 1)
    );
    let history = instance.history().await.unwrap();
    let locks = history
        .events()
        .filter(|event| format!("{event:?}").contains("LockRequested"));
    assert_eq!(locks.count(), 1);
}

#[tokio::test]
async fn an_entity_that_is_asked_for_twice_is_locked_once() {
    let mut pump = pump().await;
    let client = LocksOneTwiceClient::new(pump.client());
    let instance = client.start().await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 3);
    assert_eq!(holder(&pump, "same").await, None);
}

#[tokio::test]
async fn a_section_survives_a_crash_after_each_step_of_lock_call_and_release() {
    for crash_after in 0..24 {
        for cache in [true, false] {
            let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
            let mut pump = pump_on(store.clone(), &clock, cache).await;
            account(&pump, "a").signal_deposit(100).await.unwrap();
            let one = start_transfer(&pump, "one", ("a", "b"), false).await;
            let two = start_transfer(&pump, "two", ("b", "a"), false).await;
            for _ in 0..crash_after {
                let _ = pump.step().await.unwrap();
            }
            drop(pump);
            let mut pump = pump_on(store, &clock, cache).await;
            clock.advance(minutes(1));
            pump.run_until_idle().await.unwrap();
            let (one, two) = (one.result().await, two.result().await);
            assert_eq!(one.unwrap(), 90, "{crash_after}");
            assert_eq!(two.unwrap(), 0, "{crash_after}");
            assert_eq!(
                (balance(&pump, "a").await, balance(&pump, "b").await),
                (100, 0)
            );
            assert_eq!(
                (holder(&pump, "a").await, holder(&pump, "b").await),
                (None, None)
            );
        }
    }
}

#[tokio::test]
async fn sections_keep_the_sum_when_commits_fail_and_answers_are_lost() {
    for seed in 0..20_u32 {
        let store = FaultyStore::new(Arc::new(ModelStore::new()));
        let clock = VirtualClock::new();
        let mut pump = pump_on(store.clone(), &clock, true).await;
        for key in ["a", "b", "c"] {
            account(&pump, key).signal_deposit(100).await.unwrap();
        }
        let mut instances = Vec::new();
        let pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a"), ("c", "b")];
        for (number, pair) in pairs.into_iter().enumerate() {
            instances.push(start_transfer(&pump, &format!("t{number}"), pair, false).await);
        }
        store.plan((0..40).map(|at| match (at * 7 + seed) % 5 {
            1 => Fault::AnswerLost,
            3 => Fault::NotDone,
            _ => Fault::None,
        }));
        let time = async {
            loop {
                clock.advance(std::time::Duration::from_millis(50));
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            done = pump.run_until_idle() => done.unwrap(),
            () = time => {}
        }
        for instance in instances {
            instance.result().await.unwrap();
        }
        let mut sum = 0;
        for key in ["a", "b", "c"] {
            sum += balance(&pump, key).await;
            assert_eq!(holder(&pump, key).await, None);
        }
        assert_eq!(sum, 300, "{seed}");
    }
}

#[tokio::test]
async fn a_lock_whose_holder_is_gone_is_ended_by_the_engine() {
    use durable_runtime::ids::CallPath;
    use durable_runtime::ids::InstanceKey;
    use durable_runtime::work::LockHolder;
    use durable_runtime::work::TurnWrite;

    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let mut pump = pump_on(store.clone(), &clock, true).await;
    account(&pump, "held").signal_deposit(1).await.unwrap();
    pump.run_until_idle().await.unwrap();
    // As a crash of the database, or an operator, might leave it: locked by what is not there.
    let id = EntityId::new("Account", "held");
    let mut row = store.entity_fetch(&id).await.unwrap().unwrap().row;
    row.lock = Some(LockHolder {
        key: InstanceKey(4_711),
        instance: InstanceId::new("gone").unwrap(),
        execution: Execution::FIRST,
        path: CallPath::root().child(0),
    });
    let worker = durable_runtime::store::NewWorker {
        name: "operator".to_owned(),
        lease: seconds(15),
    };
    let now = durable_runtime::clock::Clock::now(&clock);
    let mut lease = store.worker_start(worker, now).await.unwrap();
    let mut write = TurnWrite::new(row.key, row.unit);
    write.entity = Some(Box::new(row.update()));
    store.commit(&mut lease, &[write], now).await.unwrap();
    store.worker_stop(&lease, now).await.unwrap();
    pump.dispatcher().restart().await.unwrap();
    account(&pump, "held").signal_deposit(10).await.unwrap();
    pump.advance(seconds(29)).await.unwrap();
    assert_eq!(balance(&pump, "held").await, 1);
    // Also by the next worker, though everything waits out of sight of polling.
    drop(pump);
    let mut pump = pump_on(store, &clock, true).await;
    clock.advance(minutes(1));
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(30)).await.unwrap();
    assert_eq!(balance(&pump, "held").await, 11);
    assert_eq!(holder(&pump, "held").await, None);
}

#[tokio::test]
async fn parts_of_a_lock_can_be_named_by_their_type() {
    fn keys(parts: &[Locked<Account>]) -> Vec<&str> {
        parts.iter().map(|part| part.id().key()).collect()
    }
    let entity: EntityRef<Account> = Account::at("x");
    assert_eq!(entity.id(), &EntityId::new("Account", "x"));
    assert!(keys(&[]).is_empty());
}
