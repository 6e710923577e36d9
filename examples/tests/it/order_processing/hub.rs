//! The program with its database, and what must be in it at the end.

use std::process::Child;

use sea_orm::ConnectionTrait;
use sea_orm::Database;
use sea_orm::DatabaseBackend;
use sea_orm::DatabaseConnection;
use sea_orm::Statement;
use serde_json::Value;

use crate::program::Program;
use crate::program::Run;

/// What a complete run of all orders comes to.
pub(super) const COMPLETE: [(&str, &str); 9] = [
    ("orders", "6919"),
    ("completed", "6911"),
    ("failed", "8"),
    ("waiting", "0"),
    ("rejected", "0"),
    ("cds", "16471"),
    ("dollars", "\"244091.94\""),
    ("charges", "6911"),
    ("shipments", "6911"),
];

/// The program and its database.
pub(super) struct Hub {
    pub(super) program: Program,
}

impl Hub {
    pub(super) fn new() -> Self {
        let program = Program::new(env!("CARGO_BIN_EXE_order_processing"));
        Self { program }
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Run {
        let json = ["--summary", "json"];
        self.program.run(json.iter().chain(arguments))
    }

    /// Runs it to its end and reads the summary.
    #[track_caller]
    pub(super) fn summary(&self, arguments: &[&str]) -> Value {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
        serde_json::from_str(&run.stdout).unwrap()
    }

    pub(super) fn spawn(&self) -> Child {
        self.program.spawn::<&str>([])
    }

    /// The database, while no program has it.
    pub(super) async fn database(&self) -> DatabaseConnection {
        let url = format!("sqlite://{}", self.program.file("orders.db").display());
        Database::connect(url).await.unwrap()
    }

    /// `count(*)` and `count(distinct order_id)` of a table.
    pub(super) async fn rows_and_orders(&self, table: &str) -> (i64, i64) {
        let database = self.database().await;
        let query = format!("SELECT count(*) AS r, count(DISTINCT order_id) AS o FROM {table}");
        let statement = Statement::from_string(DatabaseBackend::Sqlite, query);
        let row = database.query_one_raw(statement).await.unwrap().unwrap();
        (row.try_get("", "r").unwrap(), row.try_get("", "o").unwrap())
    }

    /// The totals of a complete run, and one row for each order in both tables.
    pub(super) async fn assert_complete(&self, summary: &Value) {
        assert_figures(summary, &COMPLETE);
        for table in ["charges", "shipments"] {
            assert_eq!(self.rows_and_orders(table).await, (6_911, 6_911), "{table}");
        }
    }
}

#[track_caller]
pub(super) fn assert_figures(summary: &Value, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(summary[name].to_string(), *value, "`{name}` in {summary}");
    }
}
