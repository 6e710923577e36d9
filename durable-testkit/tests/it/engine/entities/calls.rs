//! Calls and signals, from clients, orchestrators and entities (semantics.md N1, N2, N4, N7).

use std::sync::Arc;

use durable_runtime::client::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::OperationError;
use durable_runtime::ids::EntityId;
use durable_runtime::prelude::*;
use durable_runtime::store::ModelStore;
use durable_runtime::store::Store;
use durable_testkit::Fault;
use durable_testkit::FaultyStore;
use durable_testkit::Pump;
use durable_testkit::VirtualClock;

use super::account::Account;
use super::account::AccountClient;
use super::account::AccountError;
use super::list::Journal;
use super::list::JournalClient;

#[orchestrator]
async fn pays(_ctx: &OrchestrationContext, amount: u64) -> Result<u64, AccountError> {
    Account::at("shop").signal_deposit(amount).await?;
    Account::at("alice").withdraw(amount).await
}

#[orchestrator]
async fn writes_thrice(ctx: &OrchestrationContext, name: String) -> Result<(), Failure> {
    for number in 0..3 {
        Journal::at("j")
            .signal_append(format!("{name}{number}"))
            .await?;
    }
    ctx.sleep(seconds(1)).await;
    Journal::at("j").append(format!("{name}3")).await
}

#[orchestrator]
async fn reminds(_ctx: &OrchestrationContext) -> Result<(), Failure> {
    let late = Journal::at("j").signal_append("late".to_owned());
    late.after(minutes(5)).await?;
    Journal::at("j").append("now".to_owned()).await
}

#[orchestrator]
pub(super) async fn started_by_an_entity(_ctx: &OrchestrationContext, name: String) -> String {
    format!("started by {name}")
}

async fn pump_on(store: Arc<dyn Store>, clock: &VirtualClock) -> Pump {
    let builder = Pump::builder().store(store).clock(clock);
    builder
        .register_entity::<Account>()
        .register_entity::<Journal>()
        .register(pays)
        .register(writes_thrice)
        .register(reminds)
        .register(started_by_an_entity)
        .start()
        .await
        .unwrap()
}

async fn pump() -> Pump {
    pump_on(Arc::new(ModelStore::new()), &VirtualClock::new()).await
}

/// What the future comes to, while the pump works.
async fn while_pumping<T>(pump: &mut Pump, future: impl IntoFuture<Output = T>) -> T {
    let mut future = Box::pin(future.into_future());
    loop {
        tokio::select! {
            biased;
            value = &mut future => return value,
            stepped = pump.step() => {
                let _ = stepped.unwrap();
            }
        }
    }
}

async fn entries(client: &Client) -> Vec<String> {
    let journal = JournalClient::new(client, "j").state().await.unwrap();
    journal.map(|journal| journal.entries).unwrap_or_default()
}

#[tokio::test]
async fn a_delayed_signal_that_changes_nothing_does_not_bring_a_deleted_entity_back() {
    let clock = VirtualClock::new();
    let mut pump = pump_on(Arc::new(ModelStore::new()), &clock).await;
    let client = pump.client();
    let journal = JournalClient::new(&client, "j");
    while_pumping(&mut pump, journal.append("x".to_owned()))
        .await
        .unwrap();
    let late = journal.signal_clear().after(minutes(5));
    late.await.unwrap();
    while_pumping(&mut pump, journal.erase()).await.unwrap();
    assert_eq!(journal.state().await.unwrap(), None);
    pump.advance(minutes(6)).await.unwrap();
    assert_eq!(journal.info().await.unwrap(), None);
}

#[tokio::test]
async fn a_client_calls_an_entity_and_gets_its_answer() {
    let mut pump = pump().await;
    let alice = AccountClient::new(pump.client(), "alice");
    while_pumping(&mut pump, alice.deposit(10)).await.unwrap();
    let left = while_pumping(&mut pump, alice.withdraw(3)).await.unwrap();
    assert_eq!(left, 7);
    let refused = while_pumping(&mut pump, alice.withdraw(30)).await;
    assert!(matches!(
        refused,
        Err(OperationError::Failed(AccountError::Insufficient {
            missing: 23
        }))
    ));
    assert_eq!(while_pumping(&mut pump, alice.balance()).await.unwrap(), 7);
}

#[tokio::test]
async fn an_orchestrator_calls_and_signals_entities() {
    let mut pump = pump().await;
    let alice = AccountClient::new(pump.client(), "alice");
    alice.signal_deposit(10).await.unwrap();
    let client = PaysClient::new(pump.client());
    let instance = client.start(4).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(instance.result().await.unwrap(), 6);
    let shop = AccountClient::new(pump.client(), "shop");
    assert_eq!(shop.state().await.unwrap(), Some(Account { balance: 4 }));
    let poor = client.start(40).await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert!(poor.result().await.is_err());
    assert_eq!(alice.state().await.unwrap(), Some(Account { balance: 6 }));
}

#[tokio::test]
async fn an_entity_signals_another_once_and_only_if_its_operation_succeeds() {
    let mut pump = pump().await;
    let alice = AccountClient::new(pump.client(), "alice");
    alice.signal_deposit(10).await.unwrap();
    alice.signal_withdraw(1).await.unwrap();
    alice.signal_withdraw(100).await.unwrap();
    alice.signal_withdraw(2).await.unwrap();
    pump.run_until_idle().await.unwrap();
    let audit = AccountClient::new(pump.client(), "audit");
    assert_eq!(audit.state().await.unwrap(), Some(Account { balance: 2 }));
    assert_eq!(alice.state().await.unwrap(), Some(Account { balance: 7 }));
}

#[tokio::test]
async fn an_entity_starts_an_orchestration_once() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let clock = VirtualClock::new();
    let mut pump = pump_on(store.clone(), &clock).await;
    let journal = JournalClient::new(pump.client(), "j");
    journal.signal_launch("rocket".to_owned()).await.unwrap();
    store.plan([Fault::AnswerLost, Fault::None, Fault::AnswerLost]);
    pump.run_until_idle().await.unwrap();
    let started = pump
        .client()
        .instance(InstanceId::new("rocket").unwrap())
        .of::<started_by_an_entity>();
    assert_eq!(started.result().await.unwrap(), "started by j");
    let mut all = pump.client().instances().page(10);
    assert_eq!(
        all.next_page().await.unwrap().map(|page| page.len()),
        Some(1)
    );
}

#[tokio::test]
async fn messages_of_one_sender_stay_in_order_and_arrive_once() {
    let store = FaultyStore::new(Arc::new(ModelStore::new()));
    let clock = VirtualClock::new();
    let mut pump = pump_on(store.clone(), &clock).await;
    let client = WritesThriceClient::new(pump.client());
    for name in ["a", "b", "c"] {
        client.start(name.to_owned()).await.unwrap();
    }
    for fault in [
        Fault::AnswerLost,
        Fault::None,
        Fault::AnswerLost,
        Fault::AnswerLost,
    ] {
        store.plan([fault]);
        pump.run_until_idle().await.unwrap();
        pump.dispatcher().restart().await.unwrap();
        pump.advance(seconds(1)).await.unwrap();
    }
    let entries = entries(&pump.client()).await;
    assert_eq!(entries.len(), 12);
    for name in ["a", "b", "c"] {
        let own: Vec<_> = entries.iter().filter(|e| e.starts_with(name)).collect();
        let expected: Vec<_> = (0..4).map(|number| format!("{name}{number}")).collect();
        assert_eq!(own, expected.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_client_that_repeats_its_dedup_id_is_heard_once_and_answered_each_time() {
    let mut pump = pump().await;
    let alice = AccountClient::new(pump.client(), "alice");
    alice.signal_deposit(5).dedup_id("gift").await.unwrap();
    alice.signal_deposit(5).dedup_id("gift").await.unwrap();
    pump.run_until_idle().await.unwrap();
    for _ in 0..2 {
        let paying = alice.withdraw(2).dedup_id("order-1");
        assert_eq!(while_pumping(&mut pump, paying).await.unwrap(), 3);
    }
    // Ids of the user are remembered for good, those of the client only for a while.
    pump.advance(days(3)).await.unwrap();
    alice.signal_deposit(5).dedup_id("gift").await.unwrap();
    pump.run_until_idle().await.unwrap();
    assert_eq!(alice.state().await.unwrap(), Some(Account { balance: 3 }));
}

#[tokio::test]
async fn a_delayed_signal_comes_when_it_is_due_also_after_a_crash() {
    let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
    let mut pump = pump_on(store.clone(), &clock).await;
    let client = pump.client();
    let instance = RemindsClient::new(&client).start().await.unwrap();
    JournalClient::new(&client, "j")
        .signal_append("client".to_owned())
        .after(seconds(10))
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    instance.result().await.unwrap();
    assert_eq!(entries(&client).await, ["now"]);
    pump.advance(seconds(9)).await.unwrap();
    assert_eq!(entries(&client).await, ["now"]);
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(entries(&client).await, ["now", "client"]);
    drop(pump);
    let mut pump = pump_on(store, &clock).await;
    pump.advance(seconds(289)).await.unwrap();
    assert_eq!(entries(&client).await, ["now", "client"]);
    let info = client
        .entities()
        .page(10)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(info[0].backlog(), 1);
    pump.advance(seconds(1)).await.unwrap();
    assert_eq!(entries(&client).await, ["now", "client", "late"]);
    pump.advance(hours(1)).await.unwrap();
    assert_eq!(entries(&client).await, ["now", "client", "late"]);
}

#[tokio::test]
async fn an_entity_is_deleted_when_its_state_is_and_a_falsy_state_is_a_state() {
    let mut pump = pump().await;
    let client = pump.client();
    let journal = JournalClient::new(&client, "j");
    assert_eq!(journal.info().await.unwrap(), None);
    while_pumping(&mut pump, journal.append("x".to_owned()))
        .await
        .unwrap();
    while_pumping(&mut pump, journal.clear()).await.unwrap();
    // Empty, and there.
    assert!(journal.info().await.unwrap().unwrap().has_state());
    assert_eq!(entries(&client).await, Vec::<String>::new());
    while_pumping(&mut pump, journal.erase()).await.unwrap();
    assert_eq!(journal.info().await.unwrap(), None);
    assert_eq!(client.entities().page(10).next_page().await.unwrap(), None);
    while_pumping(&mut pump, journal.append("anew".to_owned()))
        .await
        .unwrap();
    assert_eq!(entries(&client).await, ["anew"]);
}

#[tokio::test]
async fn entities_are_listed_by_name_prefix_and_last_change_with_state_on_demand() {
    let mut pump = pump().await;
    let client = pump.client();
    for key in ["eu-1", "eu-2", "us-1"] {
        AccountClient::new(&client, key)
            .signal_deposit(1)
            .await
            .unwrap();
    }
    pump.run_until_idle().await.unwrap();
    pump.advance(seconds(5)).await.unwrap();
    let now = durable_runtime::clock::Clock::now(pump.clock());
    let eu2 = AccountClient::new(&client, "eu-2");
    eu2.signal_deposit(1).await.unwrap();
    // Reading is no change.
    while_pumping(&mut pump, AccountClient::new(&client, "eu-1").balance())
        .await
        .unwrap();
    JournalClient::new(&client, "j")
        .signal_append("x".to_owned())
        .await
        .unwrap();
    pump.run_until_idle().await.unwrap();
    let keys = async |entities: durable_runtime::client::Entities| {
        let (mut pages, mut keys) = (entities.page(1), Vec::new());
        while let Some(page) = pages.next_page().await.unwrap() {
            keys.extend(page.iter().map(|entity| entity.id().key().to_owned()));
        }
        keys
    };
    let accounts = || client.entities().name("Account");
    assert_eq!(keys(accounts()).await, ["eu-1", "eu-2", "us-1"]);
    assert_eq!(keys(accounts().key_prefix("eu-")).await, ["eu-1", "eu-2"]);
    assert_eq!(keys(accounts().changed_from(now)).await, ["eu-2"]);
    assert_eq!(keys(accounts().changed_before(now)).await, ["eu-1", "us-1"]);
    assert_eq!(keys(client.entities()).await, ["eu-1", "eu-2", "us-1", "j"]);
    let listed = accounts().page(10).next_page().await.unwrap().unwrap();
    assert_eq!(listed[1].state(), None);
    let with_state = accounts()
        .with_state()
        .page(10)
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        with_state[1].state_as().unwrap(),
        Some(Account { balance: 2 })
    );
    assert_eq!(with_state[1].version(), Some("1"));
}

#[tokio::test]
async fn an_entity_key_has_at_most_256_characters() {
    let mut pump = pump().await;
    for (length, fits) in [(255, true), (256, true), (257, false)] {
        let key = "ä".repeat(length);
        let sent = AccountClient::new(pump.client(), &key)
            .signal_deposit(1)
            .await;
        let refused = matches!(
            sent,
            Err(ClientError::LimitExceeded { actual, limit: 256, .. }) if actual == length
        );
        assert_eq!(sent.is_ok(), fits);
        assert_eq!(refused, !fits);
    }
    pump.run_until_idle().await.unwrap();
    let accounts = pump.client().entities().page(10).next_page().await.unwrap();
    assert_eq!(accounts.map(|page| page.len()), Some(2));
}

#[orchestrator]
async fn calls_key(_ctx: &OrchestrationContext, key: String) -> Result<(), Failure> {
    Account::at(key).deposit(1).await
}

#[tokio::test]
async fn an_orchestrator_is_told_that_a_key_is_too_long() {
    let builder = Pump::builder().register_entity::<Account>();
    let mut pump = builder.register(calls_key).start().await.unwrap();
    for (length, fits) in [(255, true), (256, true), (257, false)] {
        let client = CallsKeyClient::new(pump.client());
        let instance = client.start("k".repeat(length)).await.unwrap();
        pump.run_until_idle().await.unwrap();
        let result = instance.result().await;
        assert_eq!(result.is_ok(), fits, "{result:?}");
    }
}

/// Signals the entity of the key that it is given.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Postman;

#[entity]
impl Postman {
    fn deliver(&mut self, ctx: &EntityContext, key: String) {
        ctx.signal(Account::at(key).deposit(1));
    }
}

#[orchestrator]
async fn locks_key(_ctx: &OrchestrationContext, key: String) -> Result<(), Failure> {
    lock!(Account::at(key)).await?.deposit(1).await
}

#[orchestrator]
async fn signals_key(_ctx: &OrchestrationContext, key: String) -> Result<(), Failure> {
    Account::at(key).signal_deposit(1).await
}

#[tokio::test]
async fn a_key_that_names_a_folder_is_refused_whoever_sends_to_it() {
    let builder = Pump::builder().register_entity::<Account>();
    let builder = builder.register_entity::<Postman>().register(calls_key);
    let builder = builder.register(locks_key).register(signals_key);
    let mut pump = builder.start().await.unwrap();
    let client = pump.client();
    for key in [".", ".."] {
        let invalid = EntityId::new("Account", key).check_key().unwrap_err();
        let account = AccountClient::new(&client, key);
        for refused in [
            account.signal_deposit(1).await.map(drop).unwrap_err(),
            account.state().await.map(drop).unwrap_err(),
            account.info().await.map(drop).unwrap_err(),
        ] {
            let ClientError::InvalidEntityKey(refused) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(refused, invalid);
        }
        let refused = account.deposit(1).await.unwrap_err();
        assert_eq!(refused.to_string(), invalid.to_string());

        let calls = CallsKeyClient::new(&client).start(key.to_owned());
        let calls = calls.await.unwrap();
        let locks = LocksKeyClient::new(&client).start(key.to_owned());
        let locks = locks.await.unwrap();
        let signals = SignalsKeyClient::new(&client).start(key.to_owned());
        let signals = signals.await.unwrap();
        let postman = PostmanClient::new(&client, "one");
        let delivered = while_pumping(&mut pump, postman.deliver(key.to_owned())).await;
        assert_eq!(delivered.unwrap_err().to_string(), invalid.to_string());
        for result in [
            calls.result().await,
            locks.result().await,
            signals.result().await,
        ] {
            assert_eq!(result.unwrap_err().to_string(), invalid.to_string());
        }
    }
    let accounts = client.entities().name("Account").page(10);
    assert!({ accounts }.next_page().await.unwrap().is_none());
}

#[tokio::test]
async fn a_call_survives_the_death_of_its_worker_at_each_commit() {
    for crash_after in 0..12 {
        let (store, clock) = (Arc::new(ModelStore::new()), VirtualClock::new());
        let mut pump = pump_on(store.clone(), &clock).await;
        let client = pump.client();
        AccountClient::new(&client, "alice")
            .signal_deposit(10)
            .await
            .unwrap();
        let instance = PaysClient::new(&client).start(4).await.unwrap();
        for _ in 0..crash_after {
            let _ = pump.step().await.unwrap();
        }
        drop(pump);
        let mut pump = pump_on(store, &clock).await;
        clock.advance(minutes(1));
        pump.run_until_idle().await.unwrap();
        assert_eq!(instance.result().await.unwrap(), 6, "{crash_after}");
        let shop = AccountClient::new(&client, "shop").state().await.unwrap();
        assert_eq!(shop, Some(Account { balance: 4 }), "{crash_after}");
    }
}

#[tokio::test]
async fn a_call_is_timed_out_for_its_client_and_runs_all_the_same() {
    let pump = pump().await;
    let alice = AccountClient::new(pump.client(), "alice");
    let clock = pump.clock().clone();
    let waiting = alice.deposit(1).timeout(seconds(5));
    let time = async {
        loop {
            clock.advance(seconds(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        result = waiting.into_future() => {
            assert!(matches!(result, Err(OperationError::TimedOut)), "{result:?}");
        }
        () = time => {}
    }
    let mut pump = pump;
    pump.run_until_idle().await.unwrap();
    assert_eq!(alice.state().await.unwrap(), Some(Account { balance: 1 }));
    assert_eq!(alice.id(), &EntityId::new("Account", "alice"));
}
