//! Opens a store by its URL.

use std::sync::Arc;

use super::ModelStore;
use super::Store;
use super::StoreError;
use crate::running::Place;

/// The default hub.
pub const DEFAULT_HUB: &str = "main";

/// A store that was opened by its URL.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OpenedStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// A connection to its database for the user's own tables, if it has one. Writes through it
    /// queue with the commits of the store, so keep transactions on it short.
    #[cfg(feature = "sqlite")]
    pub database: Option<sea_orm::DatabaseConnection>,
    /// The place where its worker records what it computes, for the next process.
    pub running: Place,
}

/// Opens the hub `main` of the store at `url`:
///
/// - `sqlite://orders.db`, a file in the working directory, which is created if it does not exist;
/// - `sqlite:///var/lib/orders.db`, a file by its full path; on Windows `sqlite:///C:/data/orders.db`;
/// - `memory:`, a [`ModelStore`], which ends with the process.
///
/// [`Store::hub_open`] creates or migrates the tables; call it before all other methods.
///
/// # Errors
/// [`StoreError::InvalidUrl`] if the URL is none of these, or its directory does not exist;
/// [`StoreError::NotADatabase`] if the file is something else; [`StoreError::NotWhole`] if a part
/// of it is missing; [`StoreError::Unavailable`]; [`StoreError::Full`]; [`StoreError::Database`].
pub async fn open(url: &str) -> Result<OpenedStore, StoreError> {
    open_hub(url, DEFAULT_HUB).await
}

/// Opens the hub `hub` of the store at `url`, as [`open`] does. Several hubs in one database are
/// independent of each other.
///
/// # Errors
/// The errors of [`open`]; [`StoreError::InvalidUrl`] also for a name that does not have 1 to 40 of
/// the characters `a-z A-Z 0-9 _ -`.
pub async fn open_hub(url: &str, hub: &str) -> Result<OpenedStore, StoreError> {
    let invalid = |problem: String| StoreError::InvalidUrl {
        url: url.to_owned(),
        problem,
    };
    if !is_hub_name(hub) {
        return Err(invalid(format!(
            "the hub's name {hub:?} must have 1 to 40 of the characters `a-z A-Z 0-9 _ -`"
        )));
    }
    // Asked for by name only. A hub that ends with its process must not be what one gets by leaving
    // something out.
    if url == "memory:" {
        return Ok(OpenedStore::model());
    }
    match url.strip_prefix("sqlite://") {
        Some(path) => open_sqlite(without_slash(path), hub, &invalid).await,
        None => Err(invalid(problem_of(url))),
    }
}

impl OpenedStore {
    fn model() -> Self {
        Self {
            store: Arc::new(ModelStore::new()),
            #[cfg(feature = "sqlite")]
            database: None,
            running: Place::nowhere(),
        }
    }
}

/// On Windows a full path may be written with three slashes, as everywhere else:
/// `sqlite:///C:/orders.db`.
fn without_slash(path: &str) -> &str {
    let behind = path.strip_prefix('/').filter(|behind| {
        let mut letters = behind.chars();
        letters
            .next()
            .is_some_and(|drive| drive.is_ascii_alphabetic())
            && letters.next() == Some(':')
    });
    // Only there: elsewhere a folder may well be called `C:`.
    behind.filter(|_| cfg!(windows)).unwrap_or(path)
}

fn is_hub_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (1..=40).contains(&name.len()) && name.chars().all(allowed)
}

fn problem_of(url: &str) -> String {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "postgres" | "postgresql" | "mysql" | "mariadb" => {
            format!("`{scheme}` comes with a later version; this one has `sqlite://` and `memory:`")
        }
        "sqlite" => "write `sqlite://` and the path of the file, or `memory:`".to_owned(),
        _ => "write `sqlite://orders.db`, `sqlite:///full/path/orders.db` or `memory:`".to_owned(),
    }
}

#[cfg(feature = "sqlite")]
async fn open_sqlite(
    path: &str,
    hub: &str,
    invalid: &(dyn Fn(String) -> StoreError + Sync),
) -> Result<OpenedStore, StoreError> {
    if let Some(problem) = problem_of_path(path) {
        return Err(invalid(problem));
    }
    let thread = super::own_thread::OwnThread::start()?;
    let (path, hub) = (std::path::PathBuf::from(path), hub.to_owned());
    // What the driver does beside its calls is done there as well.
    let opening = async move { super::SqlStore::open_sqlite(&path, &hub).await };
    let store = thread.run(opening).await?;
    let database = Some(store.database());
    let running = store.running();
    let store = super::on_own_thread::OnOwnThread::new(Arc::new(store), thread);
    Ok(OpenedStore {
        store: Arc::new(store),
        database,
        running,
    })
}

#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unused_async, reason = "called as the one that opens is")]
async fn open_sqlite(
    _path: &str,
    _hub: &str,
    invalid: &(dyn Fn(String) -> StoreError + Sync),
) -> Result<OpenedStore, StoreError> {
    Err(invalid(
        "this build is without the feature `sqlite`".to_owned(),
    ))
}

/// What `SQLite` would report as "unable to open", or worse, take for something else.
#[cfg(feature = "sqlite")]
fn problem_of_path(path: &str) -> Option<String> {
    if path.is_empty() || path == ":memory:" {
        return Some("the path of a file is missing; a store in memory is `memory:`".to_owned());
    }
    if path.contains('?') {
        return Some("it must not have parameters: the URL ends with the path".to_owned());
    }
    let path = std::path::Path::new(path);
    if path.is_dir() {
        return Some(format!("`{}` is a directory", path.display()));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let absent = folder.filter(|folder| !folder.is_dir());
    absent.map(|folder| format!("the directory `{}` does not exist", folder.display()))
}
