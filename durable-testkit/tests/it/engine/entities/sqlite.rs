//! Entities in a running worker on an `SQLite` file.

use std::path::Path;

use durable_runtime::client::OperationError;
use durable_runtime::prelude::*;
use futures::future::join_all;
use futures::future::try_join_all;

use super::account::Account;
use super::account::AccountClient;
use super::account::AccountError;
use super::list::Journal;
use super::list::JournalClient;

#[orchestrator]
async fn moves(
    _ctx: &OrchestrationContext,
    from: String,
    to: String,
    amount: u64,
) -> Result<u64, AccountError> {
    let (mut from, mut to) = lock!(Account::at(from), Account::at(to)).await?;
    let left = from.withdraw(amount).await?;
    to.deposit(amount).await?;
    Ok(left)
}

#[orchestrator]
async fn reminds(ctx: &OrchestrationContext) -> Result<(), Failure> {
    let late = Journal::at("j").signal_append("late".to_owned());
    late.after(std::time::Duration::from_millis(50)).await?;
    Journal::at("j").append("now".to_owned()).await?;
    ctx.sleep(std::time::Duration::from_millis(60)).await;
    Ok(())
}

async fn runtime(file: &Path) -> Runtime {
    Runtime::builder()
        .store(format!("sqlite://{}", file.display()))
        .register_entity::<Account>()
        .register_entity::<Journal>()
        .register(moves)
        .register(reminds)
        .start()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_many_clients_are_serial_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime(&folder.path().join("hub.db")).await;
    let alice = AccountClient::new(runtime.client(), "alice");
    alice.deposit(100).await.unwrap();
    let left = join_all((0..101).map(|_| alice.withdraw(1).into_future())).await;
    let mut answers: Vec<_> = left.iter().filter_map(|left| left.as_ref().ok()).collect();
    answers.sort();
    assert_eq!(
        answers,
        (0..100).collect::<Vec<_>>().iter().collect::<Vec<_>>()
    );
    let refused = left.into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(
        matches!(
            refused[..],
            [OperationError::Failed(AccountError::Insufficient {
                missing: 1
            })]
        ),
        "{refused:?}"
    );
    assert_eq!(alice.state().await.unwrap(), Some(Account { balance: 0 }));
    runtime.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_in_both_directions_keep_the_sum_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hub.db");
    let mut worker = runtime(&file).await;
    let keys = ["a", "b", "c"];
    for key in keys {
        let account = AccountClient::new(worker.client(), key);
        account.deposit(1_000).await.unwrap();
    }
    let mut started = Vec::new();
    for number in 0..60_usize {
        let (from, to) = (keys[number % 3], keys[(number + 1 + number / 30) % 3]);
        let client = MovesClient::new(worker.client());
        let start = client.start(from.to_owned(), to.to_owned(), 10);
        let id = format!("transfer-{number}");
        start.id(&id).await.unwrap();
        started.push(InstanceId::new(id).unwrap());
        if number % 20 == 10 {
            // Without a word of goodbye: what is under way is found by the next worker.
            drop(worker);
            worker = runtime(&file).await;
        }
    }
    let client = worker.client();
    let results = started.iter().map(|id| {
        let instance = client.instance(id.clone()).of::<moves>();
        instance.result().timeout(minutes(1)).into_future()
    });
    try_join_all(results).await.unwrap();
    // A call queues behind the locks, whose ends may still be on their way.
    let accounts = keys.map(|key| AccountClient::new(&client, key));
    let balances = accounts
        .iter()
        .map(|account| account.balance().into_future());
    let sum: u64 = try_join_all(balances).await.unwrap().into_iter().sum();
    assert_eq!(sum, 3_000);
    let pages = client.entities().name("Account").page(10).next_page().await;
    for account in pages.unwrap().unwrap() {
        assert_eq!(account.locked_by(), None, "{}", account.id());
        if account.id().key() != "audit" {
            assert_eq!(account.backlog(), 0, "{}", account.id());
        }
    }
    worker.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_signal_comes_without_anything_else_happening() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime(&folder.path().join("hub.db")).await;
    let instance = RemindsClient::new(runtime.client()).start().await.unwrap();
    instance.result().timeout(seconds(30)).await.unwrap();
    let journal = JournalClient::new(runtime.client(), "j");
    // Nothing tells the entity of the signal but its timer. It has no order among the others.
    let both = async {
        loop {
            let state = journal.state().await.unwrap().unwrap();
            if state.entries.len() == 2 {
                return state.entries;
            }
            tokio::task::yield_now().await;
        }
    };
    let minute = std::time::Duration::from_mins(1);
    let entries = tokio::time::timeout(minute, both).await.unwrap();
    assert!(entries.contains(&"now".to_owned()), "{entries:?}");
    assert!(entries.contains(&"late".to_owned()), "{entries:?}");
    runtime.shutdown().await.unwrap();
}
