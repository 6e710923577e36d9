//! Fan-out and fan-in: many activities run at the same time and give one answer.
//!
//! A stock-taking: list the warehouses, count all of them at the same time, add up. The
//! orchestration waits for all counts, however long each takes. After a crash it waits only for the
//! missing ones.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use futures::future::try_join_all;
use serde::Deserialize;
use serde::Serialize;

/// The contents of one warehouse, by article.
pub type Stock = BTreeMap<String, u64>;

/// Why there is no stock list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StockError {
    /// Nobody knows this warehouse.
    #[error("there is no warehouse {name:?}")]
    UnknownWarehouse {
        /// The name.
        name: String,
    },
    /// A count timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Returns the warehouses of a region.
#[activity]
pub async fn list_warehouses(region: String) -> Vec<String> {
    (1..=40).map(|n| format!("{region}-{n:02}")).collect()
}

/// Counts one warehouse.
#[activity(
    retry(max_attempts = 3, initial = "100ms", backoff = 2.0),
    timeout = "30s"
)]
pub async fn count_warehouse(name: String) -> Result<Stock, StockError> {
    let number: u64 = match name.rsplit_once('-').map(|(_, number)| number.parse()) {
        Some(Ok(number)) => number,
        _ => return Err(StockError::UnknownWarehouse { name }),
    };
    let records = ("record".to_owned(), number * 100);
    let turntables = ("turntable".to_owned(), number % 7);
    Ok(Stock::from([records, turntables]))
}

/// Returns the total stock of all warehouses of a region.
#[orchestrator]
pub async fn take_stock(_ctx: &OrchestrationContext, region: String) -> Result<Stock, StockError> {
    let warehouses = list_warehouses(region).await?;

    let counts = warehouses
        .iter()
        .map(|name| count_warehouse(name.clone()).label(name.clone()));
    let counts = try_join_all(counts).await?;

    Ok(sum(counts))
}

fn sum(counts: Vec<Stock>) -> Stock {
    let mut total = Stock::new();
    for (article, pieces) in counts.into_iter().flatten() {
        *total.entry(article).or_default() += pieces;
    }
    total
}
