//! A cart that reminds its owner, and a checkout that locks the cart and the stock together.
//!
//! `durable-runtime/docs/tutorial/cart.md` builds this program step by step.

use std::collections::BTreeMap;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// Pieces by article.
pub type Items = BTreeMap<String, u32>;

/// The cart of a customer, by the customer's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    items: Items,
    changes: u32,
}

#[entity]
impl Cart {
    /// Puts items into the cart.
    pub fn put(&mut self, ctx: &EntityContext, items: Items) {
        add_up(&mut self.items, items);
        self.changes += 1;
        let look_again = Cart::at(ctx.key()).look_again(self.changes);
        ctx.signal(look_again).after(hours(24));
    }

    /// Reminds the customer if the cart has not changed since its `changes`th change.
    pub fn look_again(&mut self, ctx: &EntityContext, changes: u32) {
        if changes == self.changes && !self.items.is_empty() {
            ctx.start(remind(ctx.key().to_owned(), self.items.clone()));
        }
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.items.clear();
        self.changes += 1;
    }

    /// What is in the cart.
    #[read_only]
    pub fn items(&self) -> Items {
        self.items.clone()
    }
}

fn add_up(sum: &mut Items, items: Items) {
    for (article, pieces) in items {
        *sum.entry(article).or_default() += pieces;
    }
}

/// The stock of the shop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    items: Items,
}

#[entity]
impl Stock {
    /// Puts items on the shelf.
    pub fn put(&mut self, items: Items) {
        add_up(&mut self.items, items);
    }

    /// Takes items from the shelf: all of them or none.
    ///
    /// # Errors
    /// [`StockError::OutOfStock`].
    pub fn take(&mut self, items: Items) -> Result<(), StockError> {
        for (article, pieces) in items {
            let stock = self.items.entry(article.clone()).or_default();
            let left = *stock;
            *stock = left
                .checked_sub(pieces)
                .ok_or(StockError::OutOfStock { article, left })?;
        }
        Ok(())
    }

    /// What is on the shelf.
    #[read_only]
    pub fn items(&self) -> Items {
        self.items.clone()
    }
}

/// Why the stock refuses an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum StockError {
    /// Fewer are left.
    #[error("only {left} of {article} are left")]
    OutOfStock {
        /// The article.
        article: String,
        /// How many there are.
        left: u32,
    },
    /// The stock could not run the operation.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Why a checkout ends without a sale.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum CheckoutError {
    /// The cart is empty.
    #[error("the cart is empty")]
    Empty,
    /// The stock has refused an operation.
    #[error(transparent)]
    Stock(#[from] StockError),
    /// The customer has not confirmed the payment.
    #[error("the payment was not confirmed in time")]
    NotConfirmed,
    /// The bank refuses.
    #[error("the card was declined")]
    Declined,
    /// A call timed out, was cancelled, panicked or lost its process.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Writes to a customer.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn send_mail(customer: String, text: String) {
    println!("to {customer}: {text}");
}

/// Charges a customer's card; returns the paid cents.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0, non_retryable = is_declined))]
pub async fn charge(customer: String, items: Items) -> Result<u64, CheckoutError> {
    let pieces: u32 = items.values().sum();
    let cents = u64::from(pieces) * 1_999;
    println!("{customer} pays {cents} cents");
    Ok(cents)
}

fn is_declined(error: &CheckoutError) -> bool {
    matches!(error, CheckoutError::Declined)
}

/// Reminds a customer of a cart.
#[orchestrator]
pub async fn remind(
    _ctx: &OrchestrationContext,
    customer: String,
    items: Items,
) -> Result<(), Failure> {
    let text = format!("you have left {items:?} in your cart");
    send_mail(customer, text).await
}

/// The customer confirms the payment.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub struct Confirmed {}

/// Buys the items of a customer's cart; returns the paid cents.
#[orchestrator(events(Confirmed))]
pub async fn check_out(ctx: &OrchestrationContext, customer: String) -> Result<u64, CheckoutError> {
    let items = take(ctx, &customer).await?;
    let paid = pay(ctx, &customer, &items).await;
    if paid.is_err() {
        ctx.shielded(put_back(ctx, &customer, &items)).await?;
    }
    paid
}

/// Takes the items of the cart out of the cart and out of the stock.
#[orchestrator(inline)]
async fn take(ctx: &OrchestrationContext, customer: &str) -> Result<Items, CheckoutError> {
    let (mut cart, mut stock) = lock!(Cart::at(customer), Stock::at("main")).await?;
    let items = cart.items().await?;
    if items.is_empty() {
        return Err(CheckoutError::Empty);
    }
    ctx.shielded(async {
        stock.take(items.clone()).await?;
        cart.clear().await?;
        Ok(items)
    })
    .await
}

/// Charges once the customer has confirmed.
#[orchestrator(inline)]
async fn pay(
    ctx: &OrchestrationContext<check_out>,
    customer: &str,
    items: &Items,
) -> Result<u64, CheckoutError> {
    select! {
        _ = ctx.wait_for::<Confirmed>() => {}
        _ = ctx.sleep(minutes(15)) => return Err(CheckoutError::NotConfirmed),
        _ = ctx.cancellation() => return Err(Failure::Cancelled.into()),
    }
    ctx.shielded(charge(customer.to_owned(), items.clone()))
        .await
}

/// Puts the items back into the cart and into the stock.
#[orchestrator(inline)]
async fn put_back(
    _ctx: &OrchestrationContext,
    customer: &str,
    items: &Items,
) -> Result<(), Failure> {
    let (mut cart, mut stock) = lock!(Cart::at(customer), Stock::at("main")).await?;
    stock.put(items.clone()).await?;
    cart.put(items.clone()).await
}
