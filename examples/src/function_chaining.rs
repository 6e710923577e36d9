//! Function chaining: each step takes what the one before it gave.
//!
//! A quote for a customer abroad: look up the price, take the discount off, convert it, write the
//! quote. A crash between two steps repeats none that was recorded; an error ends the chain with the
//! type that the failing step has.

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
    /// In which currency.
    pub currency: String,
}

/// What the customer gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// What it says.
    pub text: String,
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum QuoteError {
    /// The shop does not have it.
    #[error("there is no article {article:?}")]
    UnknownArticle {
        /// What was asked for.
        article: String,
    },
    /// The bank does not know it.
    #[error("there is no rate for {currency}")]
    UnknownCurrency {
        /// What was asked for.
        currency: String,
    },
    /// A step timed out, panicked or lost its worker.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// The price of one piece, in cents.
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

/// Ten percent off from ten pieces on.
#[activity]
pub async fn discount(cents: u64, pieces: u32) -> u64 {
    let total = cents * u64::from(pieces);
    if pieces >= 10 { total * 9 / 10 } else { total }
}

/// The same amount in another currency.
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

/// From the inquiry to the quote.
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
