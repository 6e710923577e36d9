//! Function chaining: each activity takes the result of the one before.
//!
//! A quote for a customer abroad: look up the price, subtract the discount, convert the amount,
//! write the quote. After a crash between two activities, no recorded one runs again. An error ends
//! the chain and keeps the type that the failing activity gave it.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// What the customer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// The article.
    pub article: String,
    /// How many.
    pub pieces: u32,
    /// The currency.
    pub currency: String,
}

/// The quote that the customer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Its text.
    pub text: String,
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum QuoteError {
    /// The shop does not have it.
    #[error("there is no article {article:?}")]
    UnknownArticle {
        /// The article.
        article: String,
    },
    /// The bank does not know it.
    #[error("there is no rate for {currency}")]
    UnknownCurrency {
        /// The currency.
        currency: String,
    },
    /// An activity timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// Returns the price of one piece, in cents.
#[activity(retry(max_attempts = 3, initial = "100ms", non_retryable = is_final))]
pub async fn look_up_price(article: String) -> Result<u64, QuoteError> {
    match article.as_str() {
        "record" => Ok(1_999),
        "turntable" => Ok(24_900),
        _ => Err(QuoteError::UnknownArticle { article }),
    }
}

fn is_final(error: &QuoteError) -> bool {
    matches!(error, QuoteError::UnknownArticle { .. })
}

/// Subtracts ten percent from ten pieces on.
#[activity]
pub async fn discount(cents: u64, pieces: u32) -> u64 {
    let total = cents * u64::from(pieces);
    if pieces >= 10 { total * 9 / 10 } else { total }
}

/// Returns the same amount in another currency.
#[activity(timeout = "5s")]
pub async fn convert(cents: u64, currency: String) -> Result<u64, QuoteError> {
    let per_mille = match currency.as_str() {
        "USD" => 1_000,
        "EUR" => 920,
        _ => return Err(QuoteError::UnknownCurrency { currency }),
    };
    Ok(cents * per_mille / 1_000)
}

/// Writes the quote.
#[activity]
pub async fn write_quote(inquiry: Inquiry, amount: u64) -> Quote {
    let Inquiry {
        article,
        pieces,
        currency,
    } = inquiry;
    let (whole, hundredths) = (amount / 100, amount % 100);
    Quote {
        text: format!("{pieces} x {article}: {whole}.{hundredths:02} {currency}"),
    }
}

/// Makes a quote for an inquiry.
#[orchestrator]
pub async fn make_quote(
    _ctx: &OrchestrationContext,
    inquiry: Inquiry,
) -> Result<Quote, QuoteError> {
    let price = look_up_price(inquiry.article.clone()).await?;
    let total = discount(price, inquiry.pieces).await?;
    let amount = convert(total, inquiry.currency.clone()).await?;
    Ok(write_quote(inquiry, amount).await?)
}
