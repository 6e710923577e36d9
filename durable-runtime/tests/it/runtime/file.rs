//! The file of a hub: what becomes of it while it is in use, and how it is left.

use std::fs;
use std::path::PathBuf;

use durable_runtime::client::Client;
use durable_runtime::prelude::*;
use durable_runtime::store;
use durable_runtime::store::FileChange;
use durable_runtime::store::StoreError;
use sea_orm::ConnectOptions;
use sea_orm::ConnectionTrait;
use sea_orm::Database;
use sea_orm::TransactionTrait;

use super::functions::Approval;
use super::functions::ApprovedOrderClient;
use super::functions::OrderClient;
use super::functions::order;
use super::hub::Hub;

fn files(hub: &Hub) -> Vec<String> {
    let folder = fs::read_dir(hub.path("")).unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

const WHOLE: [&str; 3] = ["hub.db", "hub.db-main.lock", "hub.db-main.running"];

#[tokio::test]
async fn a_hub_that_was_shut_down_is_whole_in_its_file() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let orders = OrderClient::new(runtime.client());
    orders.start(1).id("order").await.unwrap();
    let waiting = ApprovedOrderClient::new(runtime.client());
    waiting.start(1).id("waiting").await.unwrap();
    runtime.shutdown().await.unwrap();
    assert_eq!(files(&hub), WHOLE);

    let moved = Hub::new();
    fs::rename(hub.path("hub.db"), moved.path("hub.db")).unwrap();
    let runtime = moved.start().await;
    let waiting =
        ApprovedOrderClient::new(runtime.client()).instance(InstanceId::new("waiting").unwrap());
    waiting
        .raise(Approval {
            by: "Ada".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(waiting.result().await.unwrap(), "Ada");
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn the_log_is_cut_back_once_nobody_reads_from_it_any_more() {
    const MIB: u64 = 1 << 20;
    let hub = Hub::new();
    let runtime = hub.start().await;
    let log = || fs::metadata(hub.path("hub.db-wal")).unwrap().len();
    let database = runtime.database().unwrap();
    let write = async |sql: &str| {
        database.execute_unprepared(sql).await.unwrap();
    };
    write("CREATE TABLE mine (much BLOB)").await;
    let other = Database::connect(&hub.url).await.unwrap();
    let reading = other.begin().await.unwrap();
    reading
        .execute_unprepared("SELECT * FROM mine")
        .await
        .unwrap();
    for _ in 0..10 {
        write("INSERT INTO mine VALUES (zeroblob(10 * 1024 * 1024))").await;
    }
    assert!(log() > 100 * MIB, "{}", log());
    reading.commit().await.unwrap();

    // Nothing more is written: whoever works on the hub looks at it all the same.
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
    let cut = async {
        while log() > 64 * MIB {
            looks.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(2), cut)
        .await
        .unwrap();
    OrderClient::new(runtime.client()).start(1).await.unwrap();
    runtime.shutdown().await.unwrap();
}

#[tokio::test]
async fn clients_and_connections_that_outlive_a_runtime_are_told_so() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let (client, database) = (runtime.client(), runtime.database().unwrap());
    let orders = ApprovedOrderClient::new(&client);
    let open = orders.start(1).await.unwrap();
    let result = tokio::spawn({
        let open = open.clone();
        async move { open.result().await }
    });
    runtime.shutdown().await.unwrap();
    let told = |error: ClientError| assert!(matches!(error, ClientError::Closed { .. }), "{error}");
    told(orders.start(1).await.unwrap_err());
    told(open.status().await.unwrap_err());
    told(
        open.raise(Approval { by: String::new() })
            .await
            .unwrap_err(),
    );
    let ended = result.await.unwrap().unwrap_err();
    assert!(ended.to_string().contains("closed"), "{ended}");
    let own = database.execute_unprepared("SELECT 1").await.unwrap_err();
    assert!(own.to_string().contains("losed"), "{own}");
}

#[tokio::test]
async fn a_store_that_the_user_opened_stays_open_after_a_shutdown() {
    let hub = Hub::new();
    let opened = store::open(&hub.url).await.unwrap();
    let builder = Runtime::builder().store(opened.clone()).register(order);
    let runtime = builder.register(super::functions::pick);
    let runtime = runtime.state(hub.runs.clone()).start().await.unwrap();
    let client = runtime.client();
    runtime.shutdown().await.unwrap();
    OrderClient::new(&client).start(1).await.unwrap();
    opened.store.close().await;
    opened.store.close().await;
    assert_eq!(files(&hub), WHOLE);
}

#[tokio::test]
async fn a_client_without_a_worker_leaves_the_file_whole_when_it_is_closed() {
    let hub = Hub::new();
    let client = Client::open(&hub.url).await.unwrap();
    OrderClient::new(&client).start(1).await.unwrap();
    client.close().await;
    let told = OrderClient::new(&client).start(1).await.unwrap_err();
    assert!(matches!(told, ClientError::Closed { .. }), "{told}");
    assert_eq!(files(&hub), ["hub.db"]);
}

/// The change that a start is refused for.
async fn refused(client: &Client) -> (String, FileChange) {
    let error = OrderClient::new(client).start(1).id("lost").await;
    let Err(ClientError::Unavailable { source, .. }) = error else {
        panic!("{error:?}");
    };
    match source.downcast_ref::<StoreError>() {
        Some(StoreError::FileChanged { path, change, .. }) => (path.clone(), *change),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_acknowledged_or_read_while_the_file_is_gone_and_it_goes_on_when_it_is_back() {
    for name in ["hub.db", "hub.db-wal"] {
        let hub = Hub::new();
        let runtime = hub.start().await;
        let client = runtime.client();
        let database = runtime.database().unwrap();
        let create = "CREATE TABLE mine (n INTEGER)";
        database.execute_unprepared(create).await.unwrap();
        let before = ApprovedOrderClient::new(&client).start(1).await.unwrap();
        let (here, away) = (hub.path(name), hub.path("away"));
        let named = here.display().to_string();

        fs::rename(&here, &away).unwrap();
        assert_eq!(refused(&client).await, (named.clone(), FileChange::Deleted));
        let read = before.status().await.unwrap_err();
        assert!(matches!(read, ClientError::Unavailable { .. }), "{read}");
        let own = database.execute_unprepared("INSERT INTO mine VALUES (1)");
        own.await.unwrap_err();

        fs::copy(&away, &here).unwrap();
        assert_eq!(refused(&client).await, (named, FileChange::Replaced));

        fs::rename(&away, &here).unwrap();
        before
            .raise(Approval {
                by: "Ada".to_owned(),
            })
            .await
            .unwrap();
        assert_eq!(before.result().await.unwrap(), "Ada");
        let lost = OrderClient::new(&client).instance(InstanceId::new("lost").unwrap());
        let lost = lost.status().await.unwrap_err();
        assert!(matches!(lost, ClientError::NotFound { .. }), "{lost}");
        runtime.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_is_truncated_under_a_worker_is_noticed() {
    let hub = Hub::new();
    hub.start().await.shutdown().await.unwrap();
    let runtime = hub.start().await;
    let file = fs::File::options().write(true).open(hub.path("hub.db"));
    let file = file.unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
    let (path, change) = refused(&runtime.client()).await;
    assert_eq!(
        (path, change),
        (
            hub.path("hub.db").display().to_string(),
            FileChange::Truncated
        )
    );
}

#[tokio::test]
async fn a_vacuumed_file_is_the_same() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let database = runtime.database().unwrap();
    let grow = "CREATE TABLE mine (t TEXT); INSERT INTO mine VALUES (hex(zeroblob(400000)));
                PRAGMA wal_checkpoint(TRUNCATE)";
    database.execute_unprepared(grow).await.unwrap();
    let length = || fs::metadata(hub.path("hub.db")).unwrap().len();
    let before = length();
    let orders = OrderClient::new(runtime.client());
    orders.start(1).await.unwrap();
    let shrink = "DROP TABLE mine; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)";
    database.execute_unprepared(shrink).await.unwrap();
    assert!(length() < before);
    let order = orders.start(1).await.unwrap();
    assert_eq!(order.result().await.unwrap(), 1);
    runtime.shutdown().await.unwrap();
}

async fn not_whole(hub: &Hub) -> (String, String) {
    match store::open(&hub.url).await {
        Err(StoreError::NotWhole { path, problem }) => (path, problem),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_truncated_file_is_refused_with_words() {
    let hub = Hub::new();
    hub.start().await.shutdown().await.unwrap();
    let file = fs::File::options().write(true).open(hub.path("hub.db"));
    let file = file.unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - 1).unwrap();
    let (path, problem) = not_whole(&hub).await;
    assert_eq!(path, hub.path("hub.db").display().to_string());
    assert!(problem.contains("truncated"), "{problem}");
    assert_eq!(
        file.metadata().unwrap().len(),
        length - 1,
        "it is left as it is"
    );
}

#[tokio::test]
async fn a_log_whose_database_is_missing_is_kept_and_named() {
    let hub = Hub::new();
    let runtime = hub.start().await;
    let log = fs::read(hub.path("hub.db-wal")).unwrap();
    runtime.shutdown().await.unwrap();
    for present in [false, true] {
        fs::remove_file(hub.path("hub.db")).unwrap_or_default();
        if present {
            fs::write(hub.path("hub.db"), "").unwrap();
        }
        fs::write(hub.path("hub.db-wal"), &log).unwrap();
        let (_, problem) = not_whole(&hub).await;
        assert!(problem.contains("hub.db-wal"), "{problem}");
        assert_eq!(fs::read(hub.path("hub.db-wal")).unwrap(), log);
    }
}

#[tokio::test]
async fn a_file_whose_end_is_in_its_log_is_whole() {
    let hub = Hub::new();
    hub.start().await.shutdown().await.unwrap();
    // A worker would copy the log into the file by itself.
    let mut alone = ConnectOptions::new(&hub.url);
    let database = Database::connect(alone.max_connections(1).clone()).await;
    let database = database.unwrap();
    let grow = "CREATE TABLE mine (t TEXT); PRAGMA wal_checkpoint(TRUNCATE);
                INSERT INTO mine VALUES (hex(zeroblob(40000)))";
    database.execute_unprepared(grow).await.unwrap();
    // As a copy of the log into the file leaves them that wrote the header and no more.
    let copy = Hub::new();
    let log = fs::read(hub.path("hub.db-wal")).unwrap();
    let short = fs::metadata(hub.path("hub.db")).unwrap().len();
    let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
    database.execute_unprepared(checkpoint).await.unwrap();
    let mut file = fs::read(hub.path("hub.db")).unwrap();
    assert!(file.len() as u64 > short);
    file.truncate(usize::try_from(short).unwrap());
    fs::write(copy.path("hub.db"), &file).unwrap();
    fs::write(copy.path("hub.db-wal"), &log).unwrap();
    copy.start().await.shutdown().await.unwrap();

    let cut: PathBuf = copy.path("hub.db");
    fs::write(&cut, &file).unwrap();
    not_whole(&copy).await;
    database.close().await.unwrap();
}
