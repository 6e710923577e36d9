//! The shop's books: rows that activities write, many to a transaction.
//!
//! Hundreds of orders run at the same time, and each write must be on the disk before its activity
//! returns. Therefore writes that come during a transaction go together into the next one. A row
//! that already exists, from an attempt whose result was lost, stays as it is.

use durable_runtime::Failure;
use sea_orm::ActiveModelTrait;
use sea_orm::ConnectionTrait;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::IntoActiveModel;
use sea_orm::Iterable;
use sea_orm::PrimaryKeyToColumn;
use sea_orm::Schema;
use sea_orm::TransactionTrait;
use sea_orm::sea_query::OnConflict;
use serde::Deserialize;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::tables::charges;
use super::tables::refunds;
use super::tables::shipments;

/// The most rows that go into one transaction.
const BATCH: usize = 500;

/// An entry in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Money was taken.
    Charge(charges::Model),
    /// Money was given back.
    Refund(refunds::Model),
    /// Parcels were handed over.
    Shipment(shipments::Model),
}

/// The place where activities write. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Ledger {
    requests: mpsc::Sender<Request>,
}

#[derive(Debug)]
struct Request {
    entry: Entry,
    written: oneshot::Sender<Result<(), LedgerError>>,
}

impl Ledger {
    /// Creates a ledger and the bookkeeper that writes it. Entries wait until the bookkeeper
    /// begins, so activities may run before the tables exist.
    pub fn new() -> (Self, Bookkeeper) {
        let (requests, receiver) = mpsc::channel(BATCH);
        (Self { requests }, Bookkeeper { receiver })
    }

    /// Returns once the entry is durable.
    ///
    /// # Errors
    /// [`LedgerError`]: the entry may have been written or not.
    pub async fn write(&self, entry: Entry) -> Result<(), LedgerError> {
        let (written, answer) = oneshot::channel();
        let request = Request { entry, written };
        self.requests
            .send(request)
            .await
            .map_err(|_| LedgerError::closed())?;
        answer.await.map_err(|_| LedgerError::closed())?
    }
}

/// Writes the entries of the activities, until the last [`Ledger`] is dropped.
#[derive(Debug)]
pub struct Bookkeeper {
    receiver: mpsc::Receiver<Request>,
}

impl Bookkeeper {
    /// Writes one batch after another.
    pub async fn run(mut self, database: DatabaseConnection) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.receiver.recv_many(&mut batch, BATCH).await > 0 {
            let entries = batch.iter().map(|request| request.entry.clone());
            let result = write_batch(&database, entries).await;
            for request in batch.drain(..) {
                let answer = result.as_ref().copied().map_err(LedgerError::from);
                // Nobody listens when the attempt was cancelled.
                let _ = request.written.send(answer);
            }
        }
    }
}

/// Creates the tables that do not exist yet.
///
/// # Errors
/// The error of the database.
pub async fn create_tables(database: &DatabaseConnection) -> Result<(), DbErr> {
    create_table(database, charges::Entity).await?;
    create_table(database, refunds::Entity).await?;
    create_table(database, shipments::Entity).await
}

async fn create_table<E: EntityTrait>(
    database: &DatabaseConnection,
    table: E,
) -> Result<(), DbErr> {
    let schema = Schema::new(database.get_database_backend());
    let mut statement = schema.create_table_from_entity(table);
    database.execute(statement.if_not_exists()).await?;
    Ok(())
}

async fn write_batch(
    database: &DatabaseConnection,
    entries: impl Iterator<Item = Entry>,
) -> Result<(), DbErr> {
    let (mut charges, mut refunds, mut shipments) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        match entry {
            Entry::Charge(row) => charges.push(row),
            Entry::Refund(row) => refunds.push(row),
            Entry::Shipment(row) => shipments.push(row),
        }
    }
    let transaction = database.begin().await?;
    insert::<charges::Entity, _>(&transaction, charges).await?;
    insert::<refunds::Entity, _>(&transaction, refunds).await?;
    insert::<shipments::Entity, _>(&transaction, shipments).await?;
    transaction.commit().await
}

/// Inserts the rows whose key is new.
async fn insert<E, C>(connection: &C, rows: Vec<E::Model>) -> Result<(), DbErr>
where
    E: EntityTrait,
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
    C: ConnectionTrait,
{
    if rows.is_empty() {
        return Ok(());
    }
    let key = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column);
    E::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// The books could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("failed to write the ledger")]
pub struct LedgerError {
    #[source]
    cause: Failure,
}

impl LedgerError {
    fn closed() -> Self {
        let cause = std::io::Error::other("the program is ending");
        Self {
            cause: Failure::from_error(&cause),
        }
    }
}

impl From<&DbErr> for LedgerError {
    fn from(error: &DbErr) -> Self {
        Self {
            cause: Failure::from_error(error),
        }
    }
}
