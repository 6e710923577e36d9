//! The activities of the shop: its rules, its bank, its warehouse, its carrier.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use durable_runtime::prelude::*;

use super::errors::PaymentError;
use super::errors::ShippingError;
use super::errors::ValidationError;
use super::ledger::Entry;
use super::ledger::Ledger;
use super::order::Order;
use super::order::Parcel;
use super::order::Receipt;
use super::order::Shipment;
use super::tables::charges;
use super::tables::refunds;
use super::tables::shipments;

/// The state that the activities share. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Shop {
    ledger: Ledger,
    results: Arc<AtomicU64>,
}

impl Shop {
    /// Creates a shop that keeps its books in `ledger`.
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            results: Arc::default(),
        }
    }

    /// Returns how many results the activities have returned in this process: the steps of the
    /// summary.
    pub fn results(&self) -> u64 {
        self.results.load(Ordering::Relaxed)
    }

    /// Counts a result.
    fn result<T>(&self, value: T) -> T {
        self.results.fetch_add(1, Ordering::Relaxed);
        value
    }
}

/// Checks an order before any money is moved.
#[activity]
pub async fn validate(shop: State<Shop>, order: Order) -> Result<(), ValidationError> {
    const MOST: u32 = 1_000;
    let in_range = (1..=MOST).contains(&order.cds);
    shop.result(if in_range {
        Ok(())
    } else {
        Err(ValidationError::NumberOfCds {
            cds: order.cds,
            most: MOST,
        })
    })
}

/// Charges the customer. The bank declines a charge of nothing, however often it is asked.
#[activity(retry(
    max_attempts = 5,
    initial = "200ms",
    backoff = 2.0,
    max_interval = "5s",
    non_retryable = PaymentError::is_declined
))]
pub async fn charge(
    ctx: ActivityContext,
    shop: State<Shop>,
    order: Order,
) -> Result<Receipt, PaymentError> {
    if order.cents.0 == 0 {
        return shop.result(Err(PaymentError::Declined));
    }
    let row = charges::Model {
        idempotency_key: ctx.idempotency_key(),
        order_id: order.id.clone(),
        cents: order.cents.0,
    };
    shop.ledger.write(Entry::Charge(row)).await?;
    shop.result(Ok(Receipt {
        order_id: order.id,
        cents: order.cents,
    }))
}

/// Gives the money back.
#[activity(retry(
    max_attempts = 10,
    initial = "200ms",
    backoff = 2.0,
    max_interval = "1m"
))]
pub async fn refund(
    ctx: ActivityContext,
    shop: State<Shop>,
    receipt: Receipt,
) -> Result<(), PaymentError> {
    let row = refunds::Model {
        idempotency_key: ctx.idempotency_key(),
        order_id: receipt.order_id,
        cents: receipt.cents.0,
    };
    shop.ledger.write(Entry::Refund(row)).await?;
    shop.result(Ok(()))
}

/// Packs one CD of an order.
#[activity]
pub async fn pack_cd(shop: State<Shop>, order_id: String, cd: u32) -> Parcel {
    shop.result(Parcel { order_id, cd })
}

/// Hands the parcels over to the carrier.
#[activity(retry(
    max_attempts = 5,
    initial = "200ms",
    backoff = 2.0,
    max_interval = "5s"
))]
pub async fn ship(
    ctx: ActivityContext,
    shop: State<Shop>,
    receipt: Receipt,
    parcels: Vec<Parcel>,
) -> Result<Shipment, ShippingError> {
    let cds = u32::try_from(parcels.len()).unwrap_or(u32::MAX);
    let row = shipments::Model {
        idempotency_key: ctx.idempotency_key(),
        order_id: receipt.order_id,
        cds: i64::from(cds),
    };
    shop.ledger.write(Entry::Shipment(row)).await?;
    shop.result(Ok(Shipment {
        cds,
        cents: receipt.cents,
    }))
}
