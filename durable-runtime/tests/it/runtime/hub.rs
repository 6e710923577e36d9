//! A hub in a file of its own.

use std::path::PathBuf;
use std::sync::Arc;

use durable_runtime::Runtime;
use durable_runtime::client::Client;
use durable_runtime::worker::StartError;
use tempfile::TempDir;

use super::functions::Runs;
use super::functions::approved_order;
use super::functions::careless;
use super::functions::order;
use super::functions::pick;

pub(super) struct Hub {
    pub(super) url: String,
    pub(super) runs: Arc<Runs>,
    folder: TempDir,
}

impl Hub {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite://{}", folder.path().join("hub.db").display()),
            runs: Arc::default(),
            folder,
        }
    }

    /// A file in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) async fn try_start(&self) -> Result<Runtime, StartError> {
        Runtime::builder()
            .store(self.url.as_str())
            .state(Arc::clone(&self.runs))
            .register(order)
            .register(approved_order)
            .register(careless)
            .register(pick)
            .start()
            .await
    }

    pub(super) async fn start(&self) -> Runtime {
        self.try_start().await.unwrap()
    }

    /// A client as another process has it: with connections of its own.
    pub(super) async fn client_elsewhere(&self) -> Client {
        Client::open(&self.url).await.unwrap()
    }
}
