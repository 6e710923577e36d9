//! The entity of these tests.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum AccountError {
    #[error("{missing} are missing")]
    Insufficient { missing: u64 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) balance: u64,
}

#[entity]
impl Account {
    /// Takes from the balance, if there is enough.
    pub(super) async fn withdraw(
        &mut self,
        ctx: &EntityContext,
        amount: u64,
    ) -> Result<u64, AccountError> {
        if ctx.key() != "audit" {
            Account::at("audit").signal_deposit(1).await?;
        }
        let Some(left) = self.balance.checked_sub(amount) else {
            let missing = amount - std::mem::take(&mut self.balance);
            return Err(AccountError::Insufficient { missing });
        };
        self.balance = left;
        Ok(self.balance)
    }

    pub(super) fn deposit(&mut self, amount: u64) {
        self.balance += amount;
    }

    #[read_only]
    pub(super) fn balance(&self) -> u64 {
        self.balance
    }
}
