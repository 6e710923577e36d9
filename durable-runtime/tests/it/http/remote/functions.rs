//! What the tests call besides.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub(super) enum Overdrawn {
    #[error("{missing} are missing")]
    By { missing: i64 },
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) balance: i64,
}

#[entity]
impl Account {
    pub(super) fn deposit(&mut self, amount: i64) -> i64 {
        self.balance += amount;
        self.balance
    }

    pub(super) fn withdraw(&mut self, amount: i64) -> Result<i64, Overdrawn> {
        if self.balance < amount {
            let missing = amount - self.balance;
            return Err(Overdrawn::By { missing });
        }
        self.balance -= amount;
        Ok(self.balance)
    }

    #[read_only]
    pub(super) fn balance(&self) -> i64 {
        self.balance
    }
}
