//! The hub that is measured, and its file.

use durable_runtime::Result;
use durable_runtime::Runtime;
use sea_orm::ConnectionTrait;
use sea_orm::Statement;
use tempfile::TempDir;

use super::entities::Counter;
use super::functions;
use super::options::Options;

/// Where a hub is: at the URL asked for, else in a folder that goes with this.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) url: String,
    _folder: Option<TempDir>,
}

impl Place {
    pub(crate) fn new(options: &Options) -> Result<Self> {
        if let Some(url) = &options.db {
            return Ok(Self {
                url: url.clone(),
                _folder: None,
            });
        }
        // Not in /tmp, which may be memory: an fsync has to cost what it costs.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        Ok(Self {
            url: format!("sqlite://{}", folder.path().join("hub.db").display()),
            _folder: Some(folder),
        })
    }

    /// Opens the hub with all functions that are measured.
    pub(crate) async fn open(&self) -> Result<Runtime> {
        let runtime = Runtime::builder()
            .store(self.url.as_str())
            .register(functions::no_op)
            .register(functions::chain)
            .register(functions::fan_out)
            .register(functions::chain_then_wait)
            .register(functions::sleeper)
            .register(functions::eternal)
            .register_entity::<Counter>();
        Ok(runtime.start().await?)
    }
}

/// The bytes of the database that a hub is in; the write-ahead log, which has a size of its own, is
/// not counted.
pub(crate) async fn bytes(runtime: &Runtime) -> Result<Option<i64>> {
    let query = "SELECT page_count * page_size AS figure FROM pragma_page_count, pragma_page_size";
    figure(runtime, query).await
}

/// How many commits the worker of a hub with a database has made, as its fence counts them.
pub(crate) async fn commits(runtime: &Runtime) -> Result<Option<i64>> {
    figure(
        runtime,
        "SELECT MAX(commit_id) AS figure FROM durable_worker",
    )
    .await
}

async fn figure(runtime: &Runtime, query: &str) -> Result<Option<i64>> {
    let Some(database) = runtime.database() else {
        return Ok(None);
    };
    let statement = Statement::from_string(database.get_database_backend(), query);
    let row = database.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get("", "figure")).transpose()?)
}
