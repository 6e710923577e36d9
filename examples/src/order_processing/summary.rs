//! The figures at the end.

use std::fmt;

use durable_runtime::client::Client;
use durable_runtime::client::ClientError;
use durable_runtime::client::InstanceInfo;
use durable_runtime::work::InstanceStatus;
use durable_runtime::work::Output;
use sea_orm::DatabaseConnection;
use sea_orm::DbErr;
use sea_orm::EntityTrait;
use sea_orm::PaginatorTrait;
use serde::Serialize;

use super::money::Cents;
use super::money::dollars;
use super::order::Shipment;
use super::tables::charges;
use super::tables::shipments;

/// The figures: those of the whole hub, then those of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Orders in the hub.
    pub orders: u64,
    /// Orders that were shipped.
    pub completed: u64,
    /// Orders that failed.
    pub failed: u64,
    /// Orders that have not ended.
    pub waiting: u64,
    /// Rows of the file that are not orders.
    pub rejected: usize,
    /// CDs of the completed orders.
    pub cds: u64,
    /// The price of the completed orders, exactly.
    #[serde(serialize_with = "dollars::serialize")]
    pub dollars: Cents,
    /// Rows in `charges`.
    pub charges: u64,
    /// Rows in `shipments`.
    pub shipments: u64,
    /// How long this run took.
    pub seconds: f64,
    /// Activity results recorded in this run, per second.
    pub steps_per_second: f64,
}

/// The totals of the hub, over all its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HubFigures {
    /// Orders that were shipped.
    pub completed: u64,
    /// Orders that failed.
    pub failed: u64,
    /// Orders that have not ended.
    pub waiting: u64,
    /// CDs of the completed orders.
    pub cds: u64,
    /// The price of the completed orders.
    pub cents: Cents,
}

impl HubFigures {
    /// Adds up the orders of the hub, page by page.
    ///
    /// # Errors
    /// [`ClientError`], also for an output that is not a [`Shipment`].
    pub async fn collect(client: &Client) -> Result<Self, ClientError> {
        let mut figures = Self::default();
        let mut pages = client.instances().name("process_order").page(1_000);
        while let Some(instances) = pages.next_page().await? {
            for instance in &instances {
                figures.add(instance)?;
            }
        }
        Ok(figures)
    }

    fn add(&mut self, instance: &InstanceInfo) -> Result<(), ClientError> {
        match (instance.status(), instance.recorded_output()) {
            (InstanceStatus::Completed, Some(Output::Completed(value))) => {
                let shipment: Shipment = value.decode()?;
                self.completed += 1;
                self.cds += u64::from(shipment.cds);
                self.cents.0 += shipment.cents.0;
            }
            (status, _) if status.is_terminal() => self.failed += 1,
            _ => self.waiting += 1,
        }
        Ok(())
    }

    /// Returns the number of all orders.
    pub fn orders(&self) -> u64 {
        self.completed + self.failed + self.waiting
    }
}

/// Returns the numbers of rows in `charges` and in `shipments`.
///
/// # Errors
/// The error of the database.
pub async fn count_rows(database: &DatabaseConnection) -> Result<(u64, u64), DbErr> {
    let charges = charges::Entity::find().count(database).await?;
    let shipments = shipments::Entity::find().count(database).await?;
    Ok((charges, shipments))
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "orders     {:>12}", self.orders)?;
        writeln!(f, "completed  {:>12}", self.completed)?;
        writeln!(f, "failed     {:>12}", self.failed)?;
        writeln!(f, "waiting    {:>12}", self.waiting)?;
        writeln!(f, "rejected   {:>12}", self.rejected)?;
        writeln!(f, "CDs        {:>12}", self.cds)?;
        writeln!(f, "dollars    {:>12}", self.dollars.to_string())?;
        writeln!(f, "charges    {:>12}", self.charges)?;
        writeln!(f, "shipments  {:>12}", self.shipments)?;
        writeln!(f, "seconds    {:>12.3}", self.seconds)?;
        write!(f, "steps/s    {:>12.0}", self.steps_per_second)
    }
}
