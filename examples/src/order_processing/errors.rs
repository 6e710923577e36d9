//! How an order can fail. All errors keep their types from the activity to the client.

use durable_runtime::Failure;
use serde::Deserialize;
use serde::Serialize;

use super::ledger::LedgerError;
use crate::inventory::StockError;

/// Why an order is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ValidationError {
    /// It has no CDs, or more than fit in the van.
    #[error("{cds} CDs are not between 1 and {most}")]
    NumberOfCds {
        /// How many CDs it has.
        cds: u32,
        /// How many CDs it may have.
        most: u32,
    },
    /// The check timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why money was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PaymentError {
    /// The bank does not charge this, and will not tomorrow either.
    #[error("the bank declined: there is nothing to charge")]
    Declined,
    /// The money may have been moved or not; the idempotency key keeps it from being moved twice.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The activity timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

impl PaymentError {
    /// Returns whether another attempt would be declined as well.
    pub fn is_declined(&self) -> bool {
        matches!(self, Self::Declined)
    }
}

/// Why parcels were not handed over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ShippingError {
    /// The parcels may have been handed over or not.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The activity timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why an order failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum OrderError {
    /// It is not a valid order.
    #[error("the order is not valid")]
    Invalid(#[from] ValidationError),
    /// It was not paid.
    #[error("the payment failed")]
    Payment(#[from] PaymentError),
    /// It was paid, but there are not enough CDs; the money went back.
    #[error("the CDs could not be reserved; the order was refunded")]
    Stock(#[from] StockError),
    /// It was paid but not approved; the money went back.
    #[error("the order was denied by {by} and refunded")]
    Denied {
        /// Who denied it.
        by: String,
    },
    /// It was paid, but nobody decided in time; the money went back.
    #[error("nobody approved the order in time; it was refunded")]
    NotApproved,
    /// It was not shipped.
    #[error("the shipping failed")]
    Shipping(#[from] ShippingError),
    /// The engine could not do it.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}
