#![deny(warnings)]

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum AppError {
    #[error("declined")]
    Declined,
    #[error(transparent)]
    Infrastructure(#[from] Failure),
}

type AppResult<T> = Result<T, AppError>;
type Done = AppResult<()>;

mod bank {
    pub(super) type Outcome<E> = std::result::Result<super::Receipt, E>;
}

#[derive(Serialize, Deserialize)]
struct Receipt {
    cents: u64,
}

#[activity]
async fn charge(cents: u64) -> AppResult<u64> {
    if cents == 0 {
        return Err(AppError::Declined);
    }
    Ok(cents)
}

#[activity(blocking)]
fn note(_text: String) -> Done {
    Ok(())
}

#[activity]
async fn transfer(cents: u64) -> bank::Outcome<AppError> {
    Ok(Receipt { cents })
}

#[activity]
async fn receipt(cents: u64) -> Receipt {
    Receipt { cents }
}

#[derive(Default, Serialize, Deserialize)]
struct Account {
    balance: u64,
}

#[entity]
impl Account {
    fn withdraw(&mut self, amount: u64) -> AppResult<u64> {
        self.balance = self.balance.checked_sub(amount).ok_or(AppError::Declined)?;
        Ok(self.balance)
    }

    #[read_only]
    fn last(&self) -> Receipt {
        Receipt { cents: self.balance }
    }
}

#[orchestrator]
async fn pay(_ctx: &OrchestrationContext, cents: u64) -> AppResult<u64> {
    let paid: u64 = charge(cents).await?;
    note("paid".to_owned()).await?;
    let moved: Receipt = transfer(cents).await?;
    let plain: Result<Receipt, Failure> = receipt(cents).await;
    let left: u64 = Account::at("bank").withdraw(1).await?;
    let last: Result<Receipt, Failure> = Account::at("bank").last().await;
    Ok(paid + moved.cents + plain?.cents + left + last?.cents)
}

#[orchestrator]
async fn pay_twice(_ctx: &OrchestrationContext) -> Done {
    let _paid: u64 = pay(1).await?;
    Ok(())
}

pub(crate) fn main() {
    let _ = charge::with(|_cents| Err(AppError::Declined));
    let _ = receipt::with(|cents| Receipt { cents });
    let _ = charge::fails_times(2, AppError::Declined);
    let mut registry = durable_runtime::registry::Registry::default();
    registry.register(pay_twice);
}
