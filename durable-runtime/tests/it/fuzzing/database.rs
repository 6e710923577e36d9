//! A file with a hub in it that has been worked on, and damage to its rows.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use durable_runtime::Client;
use durable_runtime::client::ClientError;
use durable_runtime::commands::IfExists;
use durable_runtime::prelude::*;
use durable_runtime::store;
use durable_runtime::store::OpenedStore;
use durable_runtime::work::InstanceStatus;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DbBackend;
use sea_orm::DbErr;
use sea_orm::Statement;

use super::engine::Engine;
use super::engine::run;
use super::functions::Approval;
use super::functions::CancellableClient;
use super::functions::CountdownClient;
use super::functions::ErrandClient;
use super::functions::FamilyClient;
use super::functions::JourneyClient;
use super::functions::KeeperClient;
use super::functions::OrderClient;
use super::functions::RoundsClient;
use super::functions::StockClient;

/// The instances in the hub.
pub(crate) const IDS: [&str; 15] = [
    "ended",
    "journey",
    "rounds",
    "countdown",
    "family",
    "child",
    "keeper",
    "waiter",
    "suspended",
    "cancelled",
    "replaced",
    "late",
    "new",
    "errand",
    "failing",
];

/// How far the clock has come in it.
pub(crate) const WORKED: Duration = hours(5);

/// Writes the file of the hub to this path.
pub(crate) fn write(path: &Path) {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let file = FILE.get_or_init(|| run(make()));
    fs::write(path, file).unwrap();
}

/// Opens it.
pub(crate) async fn open(path: &Path) -> OpenedStore {
    let url = format!("sqlite://{}", path.display());
    store::open(&url).await.unwrap()
}

/// Lets a worker work, and puts something for the next one into the inboxes.
async fn make() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let store = open(&path).await.store;
    let mut engine = Engine::start(&store).await.unwrap();
    let client = engine.client.clone();
    begin(&client).await.unwrap();
    engine.settle().await;
    for _ in 0..5 {
        engine.advance(WORKED / 5).await;
    }
    let errands = ErrandClient::new(&client);
    errands.start(3).id("errand").await.unwrap();
    errands.start(12).id("failing").await.unwrap();
    engine.settle().await;
    drop(engine);
    go_on(&client).await.unwrap();
    store.close().await;
    fs::read(&path).unwrap()
}

async fn begin(client: &Client) -> Result<(), ClientError> {
    OrderClient::new(client).start(3).id("ended").await?;
    JourneyClient::new(client).start(3).id("journey").await?;
    RoundsClient::new(client).start(9).id("rounds").await?;
    CountdownClient::new(client)
        .start(9)
        .id("countdown")
        .await?;
    FamilyClient::new(client).start().id("family").await?;
    let keepers = KeeperClient::new(client);
    keepers.start("cups".to_owned()).id("keeper").await?;
    keepers.start("cups".to_owned()).id("waiter").await?;
    let journeys = JourneyClient::new(client);
    let suspended = journeys.start(2).id("suspended").await?;
    suspended.suspend().await?;
    CancellableClient::new(client)
        .start()
        .id("cancelled")
        .await?;
    OrderClient::new(client).start(4).id("replaced").await?;
    Ok(())
}

async fn go_on(client: &Client) -> Result<(), ClientError> {
    let approval = || Approval {
        by: "Ada".to_owned(),
    };
    let journeys = JourneyClient::new(client);
    journeys.instance("journey").raise(approval()).await?;
    journeys.instance("suspended").raise(approval()).await?;
    let keepers = KeeperClient::new(client);
    keepers.instance("keeper").raise(approval()).await?;
    let cancelled = CancellableClient::new(client).instance("cancelled");
    cancelled.cancel().await?;
    let orders = OrderClient::new(client);
    let replaced = orders.start(5).id("replaced");
    let policy = IfExists::Replace(InstanceStatus::ALL.to_vec());
    replaced.if_exists(policy).await?;
    orders.start(6).id("late").delay(hours(1)).await?;
    orders.start(7).id("new").await?;
    let discs = StockClient::new(client, "discs");
    discs.signal_add(1).await?;
    discs.signal_add(1).after(hours(1)).await?;
    Ok(())
}

/// The columns of text that hold what one instance or entity is about, and nothing by which rows are
/// found.
const TEXTS: &[(&str, &[&str])] = &[
    ("history", &["format", "events"]),
    ("inbox", &["kind", "body"]),
    (
        "instance",
        &[
            "salt",
            "status",
            "input",
            "output",
            "custom_status",
            "stalled",
            "tags",
            "parent",
            "headers",
            "owned",
        ],
    ),
    ("entity", &["state", "version", "held_by", "withdrawn"]),
    ("timer", &["path", "kind"]),
    ("heartbeat", &["progress"]),
    ("answer", &["result"]),
];

/// All others that are worth a try.
const OTHERS: &[(&str, &[&str])] = &[
    ("history", &["execution", "turn", "at"]),
    ("inbox", &["at", "instance", "unit", "parked"]),
    (
        "instance",
        &[
            "name",
            "version",
            "execution",
            "checkpoint",
            "load_at_start",
            "parent_key",
            "unit",
        ],
    ),
    ("entity", &["unit", "load_at_start"]),
    ("timer", &["due", "execution"]),
];

/// A text that stands in a row, whatever it is.
#[derive(Debug)]
pub(crate) struct Damage<'a> {
    table: &'static str,
    column: &'static str,
    number: u32,
    cut: Option<Cut>,
    text: &'a str,
}

/// The part of a text that goes, in characters.
#[derive(Debug, Clone, Copy)]
struct Cut {
    begin: u32,
    length: u32,
}

impl<'a> Damage<'a> {
    /// `history 3 events []`: the table, the number of the row, the column, and what is in it then.
    /// `history 3 events@20+4 []`: the same, and the characters that it takes the place of.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let (table, number, column) = (parts.next()?, parts.next()?, parts.next()?);
        let (column, cut) = match column.split_once('@') {
            Some((column, cut)) => (column, Some(Cut::read(cut)?)),
            None => (column, None),
        };
        let (table, column) = known(TEXTS, table, column).or(known(OTHERS, table, column))?;
        Some(Self {
            table,
            column,
            number: number.parse().ok()?,
            cut,
            text: parts.next().unwrap_or_default(),
        })
    }

    /// Whether what is damaged is of nobody's concern but one instance's or entity's.
    pub(crate) fn is_of_one(&self) -> bool {
        known(TEXTS, self.table, self.column).is_some()
    }

    pub(crate) async fn does(&self, database: &DatabaseConnection) -> Result<(), DbErr> {
        let Self { table, column, .. } = self;
        let text = match self.cut {
            None => "?1".to_owned(),
            Some(Cut { begin, length }) => {
                let begin = format!("{begin} % (coalesce(length({column}), 0) + 1)");
                format!(
                    "substr(coalesce({column}, ''), 1, {begin}) || ?1
                     || substr(coalesce({column}, ''), {begin} + 1 + {length})"
                )
            }
        };
        let statement = format!(
            "UPDATE {table} SET {column} = {text} WHERE rowid = (SELECT rowid FROM {table}
             ORDER BY rowid LIMIT 1 OFFSET ?2 % max(1, (SELECT count(*) FROM {table})))"
        );
        let values = [self.text.into(), self.number.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, statement, values);
        database.execute_raw(statement).await.map(drop)
    }
}

impl Cut {
    /// `20+4`: where it begins, and how long it is.
    fn read(text: &str) -> Option<Self> {
        let (begin, length) = text.split_once('+')?;
        Some(Self {
            begin: begin.parse().ok()?,
            length: length.parse().ok()?,
        })
    }
}

fn known(
    columns: &'static [(&str, &[&str])],
    table: &str,
    column: &str,
) -> Option<(&'static str, &'static str)> {
    let (table, columns) = columns.iter().find(|(name, _)| *name == table)?;
    let column = columns.iter().find(|name| **name == column)?;
    Some((table, column))
}
