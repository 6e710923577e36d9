//! The hub of the shop: its functions, and the shop's own tables, which its activities write.

use std::error::Error;

use durable_runtime::Runtime;
use durable_runtime::client::Client;
use durable_runtime::worker::StartError;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use tokio::task::JoinSet;

use super::activities::Shop;
use super::activities::charge;
use super::activities::pack_cd;
use super::activities::refund;
use super::activities::ship;
use super::activities::validate;
use super::ledger::Ledger;
use super::ledger::create_tables;
use super::orchestrator::process_order;
use crate::inventory::Inventory;

/// A runtime that processes orders.
#[derive(Debug)]
pub struct Hub {
    runtime: Runtime,
    database: DatabaseConnection,
    shop: Shop,
    /// The books stay open until the last activity has ended.
    _books: JoinSet<()>,
}

impl Hub {
    /// Opens the hub at `url`, and creates it if it does not exist. Unfinished orders continue.
    ///
    /// # Errors
    /// [`HubError`], except [`Stop`](HubError::Stop).
    pub async fn open(url: &str) -> Result<Self, HubError> {
        let (ledger, bookkeeper) = Ledger::new();
        let shop = Shop::new(ledger);
        let runtime = start(url, shop.clone()).await?;
        let Some(database) = runtime.database() else {
            return Err(HubError::NoDatabase);
        };
        create_tables(&database).await?;
        let mut books = JoinSet::new();
        books.spawn(bookkeeper.run(database.clone()));
        Ok(Self {
            runtime,
            database,
            shop,
            _books: books,
        })
    }

    /// Returns a client for the hub.
    pub fn client(&self) -> Client {
        self.runtime.client()
    }

    /// Returns the database with the hub's tables and the shop's.
    pub fn database(&self) -> &DatabaseConnection {
        &self.database
    }

    /// Returns the state that the activities share.
    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Ends what is running and stops.
    ///
    /// # Errors
    /// [`HubError::Stop`].
    pub async fn close(self) -> Result<(), HubError> {
        let stopped = self.runtime.shutdown().await;
        stopped.map_err(|error| HubError::Stop(error.into_inner()))
    }
}

async fn start(url: &str, shop: Shop) -> Result<Runtime, StartError> {
    Runtime::builder()
        .store(url)
        .state(shop)
        .register(process_order)
        .register_entity::<Inventory>()
        .register(validate)
        .register(charge)
        .register(refund)
        .register(pack_cd)
        .register(ship)
        .start()
        .await
}

/// Why the hub could not be opened or closed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The store could not be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The shop's tables need a database.
    #[error("the shop's tables need a database: use `--db sqlite://orders.db`")]
    NoDatabase,
    /// The shop's tables could not be created.
    #[error("failed to create the shop's tables")]
    Tables(#[from] DbErr),
    /// The worker ended with an error.
    #[error("failed to stop the worker")]
    Stop(#[source] Box<dyn Error + Send + Sync>),
}

impl HubError {
    /// Returns whether the program could not start with its arguments.
    pub fn is_start(&self) -> bool {
        matches!(self, Self::Start(_) | Self::NoDatabase)
    }
}
