//! Inventory: a sale reserves its pieces first, and gives them back if it fails.
//!
//! The stock of a warehouse is an entity. It takes one reservation after the other, so the last
//! record is sold only once, however many customers want it at the same moment. A sale reserves,
//! charges, and then takes the pieces out of the stock. If the charge fails, the sale gives the
//! pieces back. [`order_processing`](crate::order_processing) reserves in the same way for orders
//! that wait for an approval.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// What a customer wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The order.
    pub order_id: String,
    /// The article.
    pub article: String,
    /// How many pieces.
    pub pieces: u32,
    /// What the customer has on the card, in cents.
    pub credit: u64,
}

/// Why nothing was reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StockError {
    /// The shelf has fewer pieces.
    #[error("only {left} are left")]
    OutOfStock {
        /// How many pieces it has.
        left: u32,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why the customer did not pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CardError {
    /// The card does not cover it.
    #[error("the card was declined")]
    Declined,
    /// The activity timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why nothing was sold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum SaleError {
    /// The pieces could not be reserved.
    #[error("it could not be reserved")]
    Stock(#[from] StockError),
    /// The customer did not pay; the pieces are back on the shelf.
    #[error("it was not paid")]
    Card(#[from] CardError),
    /// The engine could not do it.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Pieces that are put aside for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Reservation {
    article: String,
    pieces: u32,
}

/// The stock of a warehouse, by the warehouse's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    stock: BTreeMap<String, u32>,
    reserved: BTreeMap<String, Reservation>,
}

/// What a warehouse has when it opens.
fn opening_stock() -> Inventory {
    let stock = [("cd", 5_000), ("record", 5)];
    Inventory {
        stock: stock
            .map(|(article, pieces)| (article.to_owned(), pieces))
            .into(),
        reserved: BTreeMap::new(),
    }
}

#[entity(init = opening_stock)]
impl Inventory {
    /// Adds new pieces to the shelf.
    pub fn restock(&mut self, article: String, pieces: u32) {
        *self.stock.entry(article).or_default() += pieces;
    }

    /// Reserves pieces for an order; returns how many are left on the shelf.
    ///
    /// # Errors
    /// [`StockError::OutOfStock`].
    pub fn reserve(
        &mut self,
        order_id: String,
        article: String,
        pieces: u32,
    ) -> Result<u32, StockError> {
        let stock = self.stock.entry(article.clone()).or_default();
        let Some(left) = stock.checked_sub(pieces) else {
            return Err(StockError::OutOfStock { left: *stock });
        };
        *stock = left;
        let reservation = Reservation { article, pieces };
        self.reserved.insert(order_id, reservation);
        Ok(left)
    }

    /// Puts the pieces that are reserved for an order back on the shelf.
    pub fn release(&mut self, order_id: String) {
        if let Some(Reservation { article, pieces }) = self.reserved.remove(&order_id) {
            *self.stock.entry(article).or_default() += pieces;
        }
    }

    /// Removes the pieces that are reserved for an order: they have left the warehouse.
    pub fn shipped(&mut self, order_id: String) {
        self.reserved.remove(&order_id);
    }

    /// Returns how many pieces can be sold.
    #[read_only]
    pub fn level(&self, article: String) -> u32 {
        self.stock.get(&article).copied().unwrap_or(0)
    }
}

/// Charges the card; returns the paid amount, in cents.
#[activity(retry(
    max_attempts = 5,
    initial = "200ms",
    backoff = 2.0,
    non_retryable = is_declined
))]
pub async fn charge_card(sale: Sale) -> Result<u64, CardError> {
    const PRICE: u64 = 1_999;
    let cents = PRICE * u64::from(sale.pieces);
    if cents > sale.credit {
        return Err(CardError::Declined);
    }
    Ok(cents)
}

fn is_declined(error: &CardError) -> bool {
    matches!(error, CardError::Declined)
}

/// Sells what a customer wants; returns the paid amount, in cents.
///
/// A sale can be cancelled until its pieces are reserved. If the call is cancelled, the warehouse may
/// have reserved them all the same, so the sale releases them whatever the error. The charge is
/// shielded: if it were cancelled, nobody would know whether the customer has paid.
#[orchestrator]
pub async fn sell(ctx: &OrchestrationContext, sale: Sale) -> Result<u64, SaleError> {
    let inventory = Inventory::at("main");
    let order_id = sale.order_id.clone();
    let reserved = inventory
        .reserve(order_id.clone(), sale.article.clone(), sale.pieces)
        .await;
    if let Err(error) = reserved {
        inventory.signal_release(order_id).await?;
        return Err(error.into());
    }

    match ctx.shielded(charge_card(sale)).await {
        Ok(cents) => {
            inventory.signal_shipped(order_id).await?;
            Ok(cents)
        }
        Err(error) => {
            inventory.signal_release(order_id).await?;
            Err(error.into())
        }
    }
}
