//! How `SQLite` carries out the statements of the store: by an index, each of them, and never by
//! reading what grows with the hub.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use durable_runtime::ids::EntityId;
use durable_runtime::ids::Lane;
use durable_runtime::store::EntityCommand;
use durable_runtime::store::NewWorker;
use durable_runtime::store::SqlStore;
use durable_runtime::store::Store;
use durable_runtime::work::EntityOperation;
use durable_testkit::conformance::Subject;
use sea_orm::ConnectionTrait;
use sea_orm::Database;
use sea_orm::DatabaseConnection;
use sea_orm::DbBackend;
use sea_orm::Statement;

/// Tables that have a few rows whatever a hub does.
const SMALL: [&str; 5] = [
    "durable_hub",
    "durable_lane",
    "durable_migration",
    "durable_unit",
    "durable_worker",
];

/// Ranges that hold much of a hub: a read may begin in one, and has to stop at a key or a limit.
const LARGE: [&str; 11] = [
    "(hub=?)",
    "(hub=? AND status=?)",
    "(hub=? AND name=?)",
    "(hub=? AND name=? AND status=?)",
    "(hub=? AND version=?)",
    "(hub=? AND version=? AND name=?)",
    "(hub=? AND version=? AND name=? AND status=?)",
    "(hub=? AND custom_status=?)",
    "(hub=? AND name=? AND value=?)",
    "(unit=?)",
    "(rowid>?)",
];

/// A read by the key alone, which its limit ends.
const FIRST_MESSAGES: &str = r#"FROM "durable_inbox" WHERE "durable_inbox"."id" > ? ORDER BY "durable_inbox"."id" ASC LIMIT ?"#;

type Statements = Arc<Mutex<BTreeSet<String>>>;

/// A store, and the statements that it makes.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn watched(path: &Path) -> (SqlStore, Statements) {
    let mut store = SqlStore::open_sqlite(path, "main").await.unwrap();
    let seen = Statements::default();
    let watcher = Arc::clone(&seen);
    store.watch_statements(move |sql| {
        watcher.lock().unwrap().insert(sql.to_owned());
    });
    (store, seen)
}

/// A store whose statements are looked at when the case is over. What reads everything on purpose,
/// for tests, is let through.
#[expect(clippy::unwrap_used, reason = "a helper of tests")]
pub(crate) async fn fresh_sqlite() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let (store, seen) = watched(&path).await;
    store
        .hub_open(durable_runtime::Timestamp::from_millis(0))
        .await
        .unwrap();
    store.dump().await.unwrap();
    let beforehand = std::mem::take(&mut *seen.lock().unwrap());
    Subject::new(Arc::new(store))
        .keeping(folder)
        .afterwards(async move {
            let seen = seen.lock().unwrap().clone();
            let new = seen.difference(&beforehand);
            check(&path, new.map(String::as_str)).await;
        })
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn check(path: &Path, statements: impl Iterator<Item = &str>) {
    let url = format!("sqlite://{}", path.display());
    let database = Database::connect(url).await.unwrap();
    let mut slow = Vec::new();
    for sql in statements {
        for sql in [sql.to_owned(), with_long_lists(sql)] {
            let plan = plan(&database, &sql).await;
            let reads: Vec<_> = plan
                .into_iter()
                .filter(|step| reads_much(&sql, step))
                .collect();
            if !reads.is_empty() {
                slow.push((sql, reads));
            }
        }
    }
    assert!(slow.is_empty(), "these read much of the hub: {slow:#?}");
}

#[expect(clippy::unwrap_used, reason = "a helper of tests")]
async fn plan(database: &DatabaseConnection, sql: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {sql}");
    let explain = Statement::from_string(DbBackend::Sqlite, explain);
    let rows = database.query_all_raw(explain).await.unwrap();
    let steps = rows.iter().map(|row| row.try_get("", "detail").unwrap());
    steps.collect()
}

fn reads_much(sql: &str, step: &str) -> bool {
    if sql.contains(FIRST_MESSAGES) {
        return false;
    }
    let words: Vec<_> = step.split(' ').collect();
    let table = words.get(1).copied().unwrap_or_default();
    let is_table =
        sql.contains(&format!("FROM \"{table}\"")) || sql.contains(&format!("UPDATE \"{table}\""));
    if SMALL.contains(&table) || !is_table {
        return false;
    }
    let range = step.split_once(" (").map(|(_, range)| format!("({range}"));
    let is_large = range.is_some_and(|range| LARGE.contains(&range.as_str()));
    words.first() == Some(&"SCAN") || is_large
}

/// The planner weighs a list by its length: a statement that is quick for one may not be for many.
fn with_long_lists(sql: &str) -> String {
    let mut parts = sql.split("IN (?");
    let mut long = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(", ?");
        long.push_str("IN (?");
        long.push_str(&", ?".repeat(127));
        long.push_str(rest);
    }
    long
}

/// A statement that sorts reads all that it sorts, however few rows it is to return.
#[tokio::test]
async fn a_page_of_messages_is_read_without_sorting_what_waits_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let (store, seen) = watched(&path).await;
    let now = durable_runtime::Timestamp::from_millis(0);
    store.hub_open(now).await.unwrap();
    let worker = NewWorker {
        name: "first".to_owned(),
        lease: Duration::from_secs(30),
    };
    let lease = store.worker_start(worker, now).await.unwrap();
    let lanes = [Lane::entity("Account")];
    let units = store.units_claim(&lease, &lanes, now).await.unwrap();
    for number in 0..20 {
        let id = EntityId::new("Account", number.to_string());
        let command = EntityCommand {
            command: number.to_string(),
            operation: EntityOperation {
                name: "deposit".to_owned(),
                input: None,
                caller: None,
                lock: None,
                due: None,
                sender: None,
            },
            remember_until: None,
        };
        let sent = store.entity_send(&id, &command, now).await.unwrap();
        assert!(!sent.repeated);
    }
    seen.lock().unwrap().clear();
    let page = store.inbox_fetch(&units, &[], None, 5).await.unwrap();
    assert_eq!(page.messages.len(), 5);
    let next = store.inbox_fetch(&units, &[], page.next, 5).await.unwrap();
    assert_eq!(next.messages.len(), 5);

    let database = Database::connect(format!("sqlite://{}", path.display()));
    let database = database.await.unwrap();
    let statements = seen.lock().unwrap().clone();
    assert!(!statements.is_empty());
    for sql in statements {
        let plan = plan(&database, &sql).await;
        let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
        assert!(!sorts, "{sql}: {plan:?}");
    }
}
