//! How an order can fail. All of it is typed from the activity to the client.

use durable_runtime::Failure;
use serde::Deserialize;
use serde::Serialize;

use super::ledger::LedgerError;
use crate::inventory::StockError;

/// Why an order is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ValidationError {
    /// It has no CDs, or more than fit in the van.
    #[error("{cds} CDs are not between 1 and {most}")]
    NumberOfCds {
        /// How many it has.
        cds: u32,
        /// How many it may have.
        most: u32,
    },
    /// Not the check itself failed.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why money was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PaymentError {
    /// The bank does not charge this; it will not do so tomorrow either.
    #[error("the bank declined: there is nothing to charge")]
    Declined,
    /// It may have been moved or not; the idempotency key keeps it from being moved twice.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Not the bank failed.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

impl PaymentError {
    /// Whether another attempt would be declined as well.
    pub fn is_declined(&self) -> bool {
        matches!(self, Self::Declined)
    }
}

/// Why parcels were not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ShippingError {
    /// They may have been handed over or not.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Not the carrier failed.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why an order failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum OrderError {
    /// It is no order.
    #[error("the order is not valid")]
    Invalid(#[from] ValidationError),
    /// It was not paid.
    #[error("the payment failed")]
    Payment(#[from] PaymentError),
    /// It was paid, and there are not as many CDs; the money went back.
    #[error("the CDs could not be reserved; the order was refunded")]
    Stock(#[from] StockError),
    /// It was paid and not approved; the money went back.
    #[error("the order was denied by {by} and refunded")]
    Denied {
        /// Who denied it.
        by: String,
    },
    /// It was paid and nobody decided; the money went back.
    #[error("nobody approved the order in time; it was refunded")]
    NotApproved,
    /// It was not shipped.
    #[error("the shipping failed")]
    Shipping(#[from] ShippingError),
    /// Not the shop failed.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}
