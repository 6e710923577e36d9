//! The objects: a register and a list that only grows.

use durable_runtime::client::Client;
use durable_runtime::client::OperationError;
use durable_runtime::client::ResultError;
use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::reference::Answer;
use super::reference::Operation;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Register {
    value: u64,
}

#[entity]
impl Register {
    pub(super) fn write(&mut self, value: u64) {
        self.value = value;
    }

    pub(super) fn compare_and_set(&mut self, expected: u64, value: u64) -> bool {
        let is_expected = self.value == expected;
        if is_expected {
            self.value = value;
        }
        is_expected
    }

    #[read_only]
    pub(super) fn read(&self) -> u64 {
        self.value
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct AppendList {
    entries: Vec<u64>,
}

#[entity]
impl AppendList {
    pub(super) fn append(&mut self, entry: u64) -> usize {
        self.entries.push(entry);
        self.entries.len()
    }

    #[read_only]
    pub(super) fn read(&self) -> Vec<u64> {
        self.entries.clone()
    }
}

/// How an operation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// A client calls.
    Call,
    /// A client starts an orchestration, which calls.
    Orchestration,
    /// A client looks at the state that was committed last.
    State,
}

/// Does an operation; `None` when it is not known whether it was done.
pub(super) async fn perform(
    client: &Client,
    way: Way,
    key: &str,
    operation: Operation,
) -> Option<Answer> {
    match way {
        Way::Call => answered(call(client, key, operation).await),
        Way::Orchestration => {
            let client = PerformsClient::new(client);
            let instance = client.start(key.to_owned(), operation).await.ok()?;
            match instance.result().await {
                Ok(answer) => Some(answer),
                Err(ResultError::Client(_)) => None,
                Err(other) => panic!("{other:?}"),
            }
        }
        Way::State if operation == Operation::Read => {
            let register = RegisterClient::new(client, key).state().await.ok()?;
            Some(Answer::Value(register.unwrap_or_default().value))
        }
        Way::State => {
            let list = AppendListClient::new(client, key).state().await.ok()?;
            Some(Answer::List(list.unwrap_or_default().entries))
        }
    }
}

async fn call(
    client: &Client,
    key: &str,
    operation: Operation,
) -> Result<Answer, OperationError<Failure>> {
    let register = RegisterClient::new(client, key);
    let list = AppendListClient::new(client, key);
    Ok(match operation {
        Operation::Write(value) => {
            register.write(value).await?;
            Answer::Written
        }
        Operation::CompareAndSet(expected, value) => {
            Answer::Compared(register.compare_and_set(expected, value).await?)
        }
        Operation::Read => Answer::Value(register.read().await?),
        Operation::Append(value) => Answer::Length(list.append(value).await?),
        Operation::ReadList => Answer::List(list.read().await?),
    })
}

fn answered(result: Result<Answer, OperationError<Failure>>) -> Option<Answer> {
    match result {
        Ok(answer) => Some(answer),
        Err(OperationError::Client(_)) => None,
        Err(other) => panic!("{other:?}"),
    }
}

#[orchestrator]
pub(super) async fn performs(
    _ctx: &OrchestrationContext,
    key: String,
    operation: Operation,
) -> Result<Answer, Failure> {
    let (register, list) = (Register::at(&key), AppendList::at(&key));
    Ok(match operation {
        Operation::Write(value) => {
            register.write(value).await?;
            Answer::Written
        }
        Operation::CompareAndSet(expected, value) => {
            Answer::Compared(register.compare_and_set(expected, value).await?)
        }
        Operation::Read => Answer::Value(register.read().await?),
        Operation::Append(value) => Answer::Length(list.append(value).await?),
        Operation::ReadList => Answer::List(list.read().await?),
    })
}
