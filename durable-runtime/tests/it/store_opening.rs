//! Opening stores by URL, and what a file has to say about it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use durable_runtime::Timestamp;
use durable_runtime::store::NewWorker;
use durable_runtime::store::OpenedStore;
use durable_runtime::store::Store;
use durable_runtime::store::StoreError;
use durable_runtime::store::WorkerLease;
use durable_runtime::store::open;
use durable_runtime::store::open_hub;
use sea_orm::ConnectionTrait;
use sea_orm::Database;
use sea_orm::DbBackend;
use sea_orm::Statement;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp::from_millis(1_000);

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn url(folder: &TempDir) -> String {
    format!("sqlite://{}", database(folder))
}

fn database(folder: &TempDir) -> String {
    folder.path().join("orders.db").display().to_string()
}

async fn opened(folder: &TempDir) -> OpenedStore {
    let opened = open(&url(folder)).await.unwrap();
    opened.store.hub_open(NOW).await.unwrap();
    opened
}

async fn start(store: &Arc<dyn Store>) -> Result<WorkerLease, StoreError> {
    let worker = NewWorker {
        name: "worker".to_owned(),
        lease: Duration::from_secs(30),
    };
    store.worker_start(worker, NOW).await
}

#[tokio::test]
async fn a_file_is_created_and_found_again() {
    let folder = folder();
    let info = opened(&folder).await.store.hub_open(NOW).await.unwrap();
    assert_eq!(info.name, "main");
    assert!(Path::new(&database(&folder)).is_file());
    let again = opened(&folder).await.store.hub_open(NOW).await.unwrap();
    assert_eq!(again, info);
}

#[tokio::test]
async fn a_store_in_memory_has_no_database() {
    let opened = open("memory:").await.unwrap();
    assert!(opened.database.is_none());
    assert_eq!(opened.store.hub_open(NOW).await.unwrap().name, "main");
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_with_what_to_write() {
    let folder = folder();
    let directory = format!("sqlite://{}", folder.path().display());
    let nowhere = format!("sqlite://{}/no/orders.db", folder.path().display());
    let parameter = format!("{}?mode=ro", url(&folder));
    let cases = [
        ("postgres://localhost/orders", "comes with a later version"),
        ("mysql://localhost/orders", "comes with a later version"),
        ("sqlite:orders.db", "write `sqlite://`"),
        ("sqlite://", "`memory:`"),
        ("sqlite://:memory:", "`memory:`"),
        ("orders.db", "write `sqlite://orders.db`"),
        (directory.as_str(), "is a directory"),
        (nowhere.as_str(), "does not exist"),
        (parameter.as_str(), "must not have parameters"),
    ];
    for (url, problem) in cases {
        let refused = open(url).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::InvalidUrl { .. }),
            "{refused:?}"
        );
        assert!(refused.to_string().contains(problem), "{refused}");
        assert!(refused.to_string().contains(url), "{refused}");
    }
}

#[tokio::test]
async fn a_hub_name_that_is_none_is_refused() {
    for name in ["", "a/b", "ä", &"a".repeat(41)] {
        let refused = open_hub("memory:", name).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::InvalidUrl { .. }),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_text_file_is_not_a_database() {
    let folder = folder();
    let text = "this is a text, and a long one, so that nobody takes it for an empty database\n";
    fs::write(database(&folder), text.repeat(100)).unwrap();
    let refused = open(&url(&folder)).await.unwrap_err();
    let path = database(&folder);
    assert!(matches!(&refused, StoreError::NotADatabase { path: named } if *named == path));
    assert_eq!(
        fs::read_to_string(database(&folder)).unwrap(),
        text.repeat(100)
    );
}

#[tokio::test]
async fn a_hub_with_a_newer_format_is_refused() {
    let folder = folder();
    let first = opened(&folder).await;
    let newer = "UPDATE durable_hub SET format = 7";
    first
        .database
        .unwrap()
        .execute_unprepared(newer)
        .await
        .unwrap();
    let second = open(&url(&folder)).await.unwrap();
    let refused = second.store.hub_open(NOW).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerFormat { found: 7, known: 1 }),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_second_worker_elsewhere_is_told_who_has_the_hub() {
    let folder = folder();
    let (first, second) = (opened(&folder).await.store, opened(&folder).await.store);
    let lease = start(&first).await.unwrap();
    let refused = start(&second).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::OwnedElsewhere { .. }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("orders.db"), "{refused}");
    first.worker_renew(&lease, NOW).await.unwrap();
    first.worker_stop(&lease, NOW).await.unwrap();
    start(&second).await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_store_frees_its_hub() {
    let folder = folder();
    let first = opened(&folder).await;
    let former = start(&first.store).await.unwrap();
    drop(first);
    let second = opened(&folder).await.store;
    start(&second).await.unwrap();
    let fenced = second.worker_renew(&former, NOW).await.unwrap_err();
    assert!(matches!(fenced, StoreError::Fenced), "{fenced:?}");
}

#[tokio::test]
async fn a_worker_that_comes_back_to_its_store_fences_its_former_self() {
    let folder = folder();
    let store = opened(&folder).await.store;
    let former = start(&store).await.unwrap();
    let next = start(&store).await.unwrap();
    store.worker_stop(&former, NOW).await.unwrap();
    store.worker_renew(&next, NOW).await.unwrap();
    let elsewhere = opened(&folder).await.store;
    assert!(matches!(
        start(&elsewhere).await,
        Err(StoreError::OwnedElsewhere { .. })
    ));
}

#[tokio::test]
async fn hubs_of_one_file_know_nothing_of_each_other() {
    let folder = folder();
    let first = opened(&folder).await.store;
    let other = open_hub(&url(&folder), "other").await.unwrap().store;
    assert_eq!(other.hub_open(NOW).await.unwrap().name, "other");
    let empty = other.dump().await.unwrap();
    start(&first).await.unwrap();
    start(&other).await.unwrap();
    assert!(empty.is_empty());
}

#[tokio::test]
async fn hubs_can_be_opened_at_the_same_time() {
    for round in 0..20 {
        let folder = folder();
        let names = ["a", "b", "c", "d"];
        let open = names.map(|name| {
            let url = url(&folder);
            tokio::spawn(async move { open_hub(&url, name).await?.store.hub_open(NOW).await })
        });
        for (opened, name) in open.into_iter().zip(names) {
            let opened = opened.await.unwrap();
            let opened = opened.unwrap_or_else(|error| panic!("round {round}, {name}: {error:?}"));
            assert_eq!(opened.name, name);
        }
    }
}

#[tokio::test]
async fn user_tables_live_beside_the_hub() {
    let folder = folder();
    let database = opened(&folder).await.database.unwrap();
    let create = "CREATE TABLE orders (id INTEGER PRIMARY KEY)";
    database.execute_unprepared(create).await.unwrap();
    let view = "SELECT turn, json(events) FROM durable_readable_history WHERE instance = 'x'";
    database.execute_unprepared(view).await.unwrap();
}

#[tokio::test]
async fn a_user_may_keep_the_connection_of_a_store_that_is_gone() {
    for round in 0..20 {
        let folder = folder();
        let database = opened(&folder).await.database.unwrap();
        for table in 0..5 {
            let create = format!("CREATE TABLE mine_{table} (id INTEGER PRIMARY KEY)");
            let created = database.execute_unprepared(&create).await;
            created.unwrap_or_else(|error| panic!("round {round}, table {table}: {error}"));
        }
    }
}

/// Users name tables so, and `SeaORM`'s own migrations keep theirs in `seaql_migrations`.
#[tokio::test]
async fn tables_of_plain_names_are_left_to_the_user() {
    const NAMES: [&str; 16] = [
        "answer",
        "command",
        "entity",
        "heartbeat",
        "history",
        "hub",
        "inbox",
        "instance",
        "lane",
        "migration",
        "orders",
        "seaql_migrations",
        "tag",
        "timer",
        "unit",
        "worker",
    ];
    let folder = folder();
    let users = Database::connect(format!("{}?mode=rwc", url(&folder)))
        .await
        .unwrap();
    for name in NAMES {
        let theirs = format!(
            "CREATE TABLE {name} (mine TEXT); CREATE INDEX {name}_id ON {name} (mine);
             INSERT INTO {name} VALUES ('kept')"
        );
        users.execute_unprepared(&theirs).await.unwrap();
    }
    start(&opened(&folder).await.store).await.unwrap();
    for name in NAMES {
        let theirs = Statement::from_string(
            DbBackend::Sqlite,
            format!("SELECT mine FROM {name} WHERE mine = 'kept'"),
        );
        let rows = users.query_all_raw(theirs).await.unwrap();
        assert_eq!(rows.len(), 1, "{name}");
    }
    let ours = Statement::from_string(
        DbBackend::Sqlite,
        "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'durable!_%' ESCAPE '!'
         AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
    );
    let ours = users.query_all_raw(ours).await.unwrap();
    let foreign: Vec<String> = ours
        .iter()
        .map(|row| row.try_get("", "name").unwrap())
        .collect();
    assert_eq!(foreign.len(), 2 * NAMES.len(), "{foreign:?}");
}

#[tokio::test]
async fn a_store_without_its_hub_says_what_comes_first() {
    let folder = folder();
    let store = open(&url(&folder)).await.unwrap().store;
    let refused = start(&store).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Database { .. }),
        "{refused:?}"
    );
    opened(&folder).await;
}

#[tokio::test]
async fn what_is_said_of_a_file_names_it_and_what_to_do_once() {
    let folder = folder();
    fs::create_dir(folder.path().join("orders.db-main.lock")).unwrap();
    let store = opened(&folder).await.store;
    let refused = start(&store).await.unwrap_err();
    assert!(matches!(refused, StoreError::File { .. }), "{refused:?}");
    let error = durable_runtime::Error::from(refused);
    let said = format!("{error:?}");
    let lock = format!("`{}-main.lock`", database(&folder));
    assert_eq!(said.matches(&lock).count(), 1, "{said}");
    assert_eq!(said.matches("directory").count(), 1, "{said}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_this_user_may_not_read_is_told_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    opened(&folder).await.store.close().await;
    let path = database(&folder);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Whoever may read everything is refused nothing.
    if fs::read(&path).is_ok() {
        return;
    }
    let refused = open(&url(&folder)).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::File { path: named, .. } if *named == path),
        "{refused:?}"
    );
}
