//! A critical section: a transfer locks two accounts together, and nobody sees the money in
//! between.
//!
//! Each account is an entity. A transfer locks both of its accounts, takes from one and gives to
//! the other; other transfers wait for their turn. However many transfers cross each other, there
//! is no deadlock. However the process dies, and whenever a transfer is cancelled, no money is lost
//! and no lock stays held.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

/// Why an account does not pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum AccountError {
    /// The account does not have enough.
    #[error("{missing} cents are missing")]
    NotCovered {
        /// How much is missing.
        missing: u64,
    },
    /// The engine could not do it.
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

/// An account, by its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    cents: u64,
}

#[entity]
impl Account {
    /// Pays in.
    pub fn deposit(&mut self, cents: u64) {
        self.cents += cents;
    }

    /// Pays out; returns the rest.
    ///
    /// # Errors
    /// [`AccountError::NotCovered`].
    pub fn withdraw(&mut self, cents: u64) -> Result<u64, AccountError> {
        let Some(left) = self.cents.checked_sub(cents) else {
            let missing = cents - self.cents;
            return Err(AccountError::NotCovered { missing });
        };
        self.cents = left;
        Ok(left)
    }

    /// Returns the balance.
    #[read_only]
    pub fn balance(&self) -> u64 {
        self.cents
    }
}

/// Moves money from one account to another, or moves none at all.
#[orchestrator]
pub async fn transfer(
    ctx: &OrchestrationContext,
    from: String,
    to: String,
    cents: u64,
) -> Result<(), AccountError> {
    let (mut from, mut to) = lock!(Account::at(from), Account::at(to)).await?;
    // The lock keeps other transfers out, and the shield keeps a cancellation out.
    ctx.shielded(async {
        from.withdraw(cents).await?;
        to.deposit(cents).await?;
        Ok(())
    })
    .await
}

/// Adds up accounts at one moment, even while money is being moved between them.
#[orchestrator]
pub async fn add_up(
    _ctx: &OrchestrationContext,
    accounts: Vec<String>,
) -> Result<u64, AccountError> {
    let mut parts = lock!(accounts.iter().map(Account::at).collect::<Vec<_>>()).await?;
    let mut sum = 0;
    for part in &mut parts {
        sum += part.balance().await?;
    }
    Ok(sum)
}
