//! Human interaction: waits for somebody's decision, but not for ever.
//!
//! A customer has ordered an article that is out of stock. The shop asks a person: cancel the
//! order, or send it later as a backorder? Nobody needs to hold a connection meanwhile: the
//! question and its deadline are rows in the database. Without an answer in time, the order is
//! cancelled.

use std::time::Duration;

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// An order that cannot be fulfilled now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// The order.
    pub order_id: String,
    /// The article that is missing.
    pub article: String,
    /// How long to wait for a decision.
    pub patience: Duration,
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub enum RestockDecision {
    /// Cancel the order.
    Cancel,
    /// Send the order later.
    Backorder {
        /// When the article is expected.
        in_time: Duration,
    },
}

/// The state of the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Somebody has to decide.
    Open,
    /// Somebody has decided, or it is too late.
    Closed,
}

/// The end of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolution {
    /// A person cancelled it.
    Cancelled,
    /// It was sent when the article was back in stock.
    SentLater,
    /// Nobody decided in time.
    TimedOut,
}

/// Asks the person in charge.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn ask_for_decision(order_id: String, article: String) -> String {
    format!("order {order_id}: {article} is out of stock; cancel it or send it later?")
}

/// Sends the order.
#[activity(retry(max_attempts = 5, initial = "1s", backoff = 2.0))]
pub async fn send_order(order_id: String) -> String {
    format!("order {order_id} is on its way")
}

/// Resolves a shortage.
#[orchestrator(status = Question, events(RestockDecision))]
pub async fn resolve_shortage(
    ctx: &OrchestrationContext,
    shortage: Shortage,
) -> Result<Resolution, Failure> {
    let Shortage {
        order_id,
        article,
        patience,
    } = shortage;
    ask_for_decision(order_id.clone(), article).await?;
    ctx.set_status(Question::Open);

    let decision = select! {
        decision = ctx.wait_for::<RestockDecision>() => Some(decision),
        _ = ctx.sleep(patience) => None,
    };

    ctx.set_status(Question::Closed);
    match decision {
        Some(RestockDecision::Backorder { in_time }) => {
            ctx.sleep(in_time).await;
            send_order(order_id).await?;
            Ok(Resolution::SentLater)
        }
        Some(RestockDecision::Cancel) => Ok(Resolution::Cancelled),
        None => Ok(Resolution::TimedOut),
    }
}
