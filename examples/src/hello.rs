//! The smallest orchestration: two activities, one after the other.

use durable_runtime::prelude::*;

/// Greets somebody.
#[activity]
pub async fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// Says it louder.
#[activity]
pub async fn shout(text: String) -> String {
    text.to_uppercase()
}

/// Greets somebody loudly.
#[orchestrator]
pub async fn hello(_ctx: &OrchestrationContext, name: String) -> Result<String, Failure> {
    shout(greet(name).await?).await
}
