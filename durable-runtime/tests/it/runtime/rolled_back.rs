//! Transactions that `SQLite` ends by itself: what was acknowledged is there, what was refused is
//! not, and everything goes on.

use std::time::Duration;

use durable_runtime::client::Client;
use durable_runtime::prelude::*;
use durable_runtime::store::StoreError;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseBackend;
use sea_orm::DatabaseConnection;
use sea_orm::Statement;
use sea_orm::TransactionTrait;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::hub::Hub;

/// Breaks the constraint of the table `mine`, and ends the transaction with it.
const ROLLS_BACK: &str = "INSERT OR ROLLBACK INTO mine VALUES (1)";

async fn with_own_table(hub: &Hub) -> (Runtime, DatabaseConnection) {
    let runtime = hub.start().await;
    let database = runtime.database().unwrap();
    let create = "CREATE TABLE mine (n INTEGER PRIMARY KEY); INSERT INTO mine VALUES (1)";
    database.execute_unprepared(create).await.unwrap();
    (runtime, database)
}

/// What another process reads.
async fn elsewhere(hub: &Hub, sql: &str) -> Vec<String> {
    let database = sea_orm::Database::connect(&hub.url).await.unwrap();
    let statement = Statement::from_string(DatabaseBackend::Sqlite, sql);
    let rows = database.query_all_raw(statement).await.unwrap();
    database.close().await.unwrap();
    let texts = rows.iter().map(|row| row.try_get_by_index(0).unwrap());
    texts.collect()
}

async fn numbers(hub: &Hub) -> Vec<String> {
    elsewhere(hub, "SELECT CAST(n AS TEXT) FROM mine ORDER BY n").await
}

/// Starts orders and finds each of them from elsewhere.
async fn starts_are_durable(hub: &Hub, client: &Client, name: &str) {
    let (orders, elsewhere) = (OrderClient::new(client), hub.client_elsewhere().await);
    for n in 0..5 {
        let order = orders.start(n).id(format!("{name}-{n}")).await.unwrap();
        let seen = OrderClient::new(&elsewhere).instance(order.id().clone());
        seen.status().await.unwrap();
        assert_eq!(order.result().await.unwrap(), n);
    }
    elsewhere.close().await;
}

#[tokio::test]
async fn a_users_statement_that_rolls_back_takes_nothing_else_with_it() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    let txn = database.begin().await.unwrap();
    txn.execute_unprepared("INSERT INTO mine VALUES (2)")
        .await
        .unwrap();
    txn.execute_unprepared(ROLLS_BACK).await.unwrap_err();
    txn.rollback().await.unwrap_err();
    starts_are_durable(&hub, &runtime.client(), "order").await;
    assert_eq!(numbers(&hub).await, ["1"]);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_user_who_goes_on_after_a_rollback_commits_nothing() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    let txn = database.begin().await.unwrap();
    txn.execute_unprepared(ROLLS_BACK).await.unwrap_err();
    // By itself this would be committed at once.
    txn.execute_unprepared("INSERT INTO mine VALUES (3)")
        .await
        .unwrap_err();
    txn.commit().await.unwrap_err();
    assert_eq!(numbers(&hub).await, ["1"]);

    let txn = database.begin().await.unwrap();
    txn.execute_unprepared(ROLLS_BACK).await.unwrap_err();
    let nested = txn.begin().await.unwrap();
    nested
        .execute_unprepared("INSERT INTO mine VALUES (4)")
        .await
        .unwrap();
    nested.commit().await.unwrap_err();
    drop(txn);
    assert_eq!(numbers(&hub).await, ["1"]);
    database
        .execute_unprepared("INSERT INTO mine VALUES (5)")
        .await
        .unwrap();
    assert_eq!(numbers(&hub).await, ["1", "5"]);
    starts_are_durable(&hub, &runtime.client(), "order").await;
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_users_transaction_that_is_dropped_leaves_nothing_open() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    for statement in ["INSERT INTO mine VALUES (2)", ROLLS_BACK] {
        let txn = database.begin().await.unwrap();
        let _either = txn.execute_unprepared(statement).await;
        drop(txn);
        starts_are_durable(&hub, &runtime.client(), &statement.replace(' ', "-")).await;
    }
    // In the middle of a statement.
    let long = "INSERT INTO mine WITH RECURSIVE c(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM c
                WHERE n < 200000) SELECT n FROM c";
    let txn = database.begin().await.unwrap();
    let unfinished = tokio::time::timeout(Duration::from_millis(1), txn.execute_unprepared(long));
    let _either = unfinished.await;
    drop(txn);
    starts_are_durable(&hub, &runtime.client(), "dropped").await;
    assert_eq!(numbers(&hub).await, ["1"]);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_begin_that_a_user_forgets_takes_nothing_else_with_it() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    let forgotten = "BEGIN; INSERT INTO mine VALUES (2)";
    database.execute_unprepared(forgotten).await.unwrap();
    database
        .execute_unprepared("INSERT INTO mine VALUES (3)")
        .await
        .unwrap();
    starts_are_durable(&hub, &runtime.client(), "order").await;
    assert_eq!(numbers(&hub).await, ["1", "3"]);
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn commits_stay_durable_when_a_user_asks_for_less() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    let less = "PRAGMA synchronous = OFF";
    database.execute_unprepared(less).await.unwrap();
    let asked = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA synchronous");
    let row = database.query_one_raw(asked).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<i32>(0).unwrap(), 2, "FULL");
    runtime.shutdown().await.unwrap();
}

/// Has every statement that does `operation` on `table` end its transaction while it is armed.
async fn plant(database: &DatabaseConnection, table: &str, operation: &str) {
    let trigger = format!(
        "CREATE TRIGGER planted BEFORE {operation} ON \"{table}\"
         WHEN (SELECT n FROM armed) BEGIN SELECT RAISE(ROLLBACK, 'planted'); END"
    );
    database.execute_unprepared(&trigger).await.unwrap();
    let arm = "UPDATE armed SET n = 1";
    database.execute_unprepared(arm).await.unwrap();
}

async fn lift(database: &DatabaseConnection) {
    let lift = "UPDATE armed SET n = 0; DROP TRIGGER planted";
    database.execute_unprepared(lift).await.unwrap();
}

#[tokio::test]
async fn a_rollback_at_any_statement_of_any_transaction_loses_nothing() {
    const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table'
                          AND name NOT LIKE 'sqlite_%' AND name <> 'armed'";
    let hub = Hub::new();
    let runtime = hub.start().await;
    let database = runtime.database().unwrap();
    let armed = "CREATE TABLE armed (n INTEGER); INSERT INTO armed VALUES (0)";
    database.execute_unprepared(armed).await.unwrap();
    let orders = ApprovedOrderClient::new(runtime.client());
    let mut refused = 0;
    for table in elsewhere(&hub, TABLES).await {
        for operation in ["INSERT", "UPDATE", "DELETE"] {
            let id = format!("{table}-{operation}");
            let before = orders.start(1).id(format!("{id}-before")).await.unwrap();
            plant(&database, &table, operation).await;
            let other = hub.client_elsewhere().await;
            let raised = before.raise(Approval { by: id.clone() }).await;
            let started = orders.start(2).id(&id).await;
            let seen = ApprovedOrderClient::new(&other).instance(InstanceId::new(&id).unwrap());
            match &started {
                Ok(_) => drop(seen.status().await.unwrap()),
                Err(ClientError::Unavailable { .. }) => {
                    refused += 1;
                    let absent = seen.status().await.unwrap_err();
                    assert!(matches!(absent, ClientError::NotFound { .. }), "{absent}");
                }
                Err(error) => panic!("{id}: {error:?}"),
            }
            lift(&database).await;
            other.close().await;
            if raised.is_err() {
                before.raise(Approval { by: id.clone() }).await.unwrap();
            }
            assert_eq!(before.result().await.unwrap(), id);
            if let Ok(started) = started {
                started.raise(Approval { by: id.clone() }).await.unwrap();
                assert_eq!(started.result().await.unwrap(), id);
            }
        }
    }
    assert!(refused >= 2, "{refused}");
    runtime.shutdown().await.unwrap();
}

/// Allows the database no page more than it has, as a full disk does.
async fn fill(database: &DatabaseConnection) {
    let full = "PRAGMA max_page_count = 1";
    database.execute_unprepared(full).await.unwrap();
}

#[tokio::test]
async fn what_there_is_no_room_for_is_refused_as_such_and_leaves_nothing_behind() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let database = runtime.database().unwrap();
    let orders = OrderClient::new(runtime.client());
    let mut acknowledged = Vec::new();
    let mut refused = Vec::new();
    for n in 0..200_u32 {
        if n % 3 == 0 {
            fill(&database).await;
        }
        let id = InstanceId::new(format!("order-{n}")).unwrap();
        let tag = "x".repeat(200);
        match orders.start(n % 9).id(id.as_str()).tag("t", tag).await {
            Ok(order) => acknowledged.push(order),
            Err(ClientError::Unavailable { source, .. }) => {
                let source = source.downcast_ref::<StoreError>();
                assert!(
                    matches!(source, Some(StoreError::Full { .. })),
                    "{source:?}"
                );
                refused.push(id);
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(!refused.is_empty());
    let elsewhere = hub.client_elsewhere().await;
    for id in refused {
        let order = OrderClient::new(&elsewhere).instance(id);
        let absent = order.status().await.unwrap_err();
        assert!(matches!(absent, ClientError::NotFound { .. }), "{absent}");
    }
    for order in acknowledged {
        order.result().await.unwrap();
        let seen = OrderClient::new(&elsewhere).instance(order.id().clone());
        seen.status().await.unwrap();
    }
    runtime.shutdown().await.unwrap();
}

/// What users do in a transaction of theirs, and what ends it at each of these.
const OWN_STATEMENTS: &[(&str, &str)] = &[
    (
        "SELECT n FROM mine",
        "INSERT OR ROLLBACK INTO mine VALUES (1)",
    ),
    (
        "INSERT INTO mine VALUES (10)",
        "INSERT OR ROLLBACK INTO mine VALUES (1)",
    ),
    (
        "UPDATE mine SET n = 20 WHERE n = 10",
        "UPDATE OR ROLLBACK mine SET n = 1 WHERE n = 2",
    ),
    ("DELETE FROM mine WHERE n = 20", "DELETE FROM planted"),
    (
        "REPLACE INTO mine VALUES (30)",
        "REPLACE INTO planted VALUES (1)",
    ),
    (
        "CREATE TABLE yours (n INTEGER)",
        "INSERT OR ROLLBACK INTO mine VALUES (1)",
    ),
    ("SAVEPOINT inside", "ROLLBACK"),
    (
        "INSERT INTO mine VALUES (40)",
        "INSERT OR ROLLBACK INTO mine VALUES (1)",
    ),
    ("RELEASE inside", "ROLLBACK"),
    ("INSERT INTO mine VALUES (50)", "ROLLBACK"),
];

#[tokio::test]
async fn a_users_transaction_that_ends_at_any_of_its_statements_is_not_committed() {
    let hub = Hub::new();
    let (runtime, database) = with_own_table(&hub).await;
    let planted = "INSERT INTO mine VALUES (2);
                   CREATE TABLE planted (n INTEGER); INSERT INTO planted VALUES (1);
                   CREATE TRIGGER d BEFORE DELETE ON planted
                   BEGIN SELECT RAISE(ROLLBACK, 'planted'); END;
                   CREATE TRIGGER i BEFORE INSERT ON planted
                   BEGIN SELECT RAISE(ROLLBACK, 'planted'); END";
    database.execute_unprepared(planted).await.unwrap();
    let before = numbers(&hub).await;
    for (at, at_which) in OWN_STATEMENTS.iter().enumerate() {
        let txn = database.begin().await.unwrap();
        for (number, (statement, ends)) in OWN_STATEMENTS.iter().enumerate() {
            let statement = if number == at { ends } else { statement };
            // Whoever goes on after an error must not come to believe that something is written.
            let _either = txn.execute_unprepared(statement).await;
        }
        let committed = txn.commit().await;
        assert!(committed.is_err(), "it ended at {at_which:?}");
        assert_eq!(numbers(&hub).await, before, "{at_which:?}");
        starts_are_durable(&hub, &runtime.client(), &format!("order-{at}")).await;
    }
    runtime.shutdown().await.unwrap();
}
