//! The objects: a register and a list that only grows.

use durable_runtime::__private as seam;
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

impl Register {
    fn write(&mut self, value: u64) {
        self.value = value;
    }

    fn compare_and_set(&mut self, expected: u64, value: u64) -> bool {
        let is_expected = self.value == expected;
        if is_expected {
            self.value = value;
        }
        is_expected
    }

    fn read(&self) -> u64 {
        self.value
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct AppendList {
    entries: Vec<u64>,
}

impl AppendList {
    fn append(&mut self, entry: u64) -> usize {
        self.entries.push(entry);
        self.entries.len()
    }

    fn read(&self) -> Vec<u64> {
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

/// What `#[entity]` emits, for those that have it not yet.
macro_rules! by_hand {
    ($type:ident, $calls:ident, $section:ident, $client:ident, {
        $(fn $operation:ident($($argument:ident: $argument_type:ty),*) -> $output:ty;)*
    }) => {
        #[derive(Clone)]
        pub(super) struct $calls(seam::EntityTarget);
        pub(super) struct $section(());
        pub(super) struct $client(seam::EntityHandle<$type>);

        impl $type {
            fn at(key: impl AsRef<str>) -> seam::EntityRef<Self> {
                seam::EntityRef::new(key)
            }
        }

        impl $calls {
            $(
                #[track_caller]
                fn $operation(&self, $($argument: $argument_type),*) -> seam::EntityCall<$output, Failure> {
                    seam::entity_call(&self.0, stringify!($operation), ($($argument,)*))
                }
            )*
        }

        impl $client {
            fn new(client: &Client, key: &str) -> Self {
                Self(client.entity(key))
            }

            async fn state(&self) -> Result<Option<$type>, durable_runtime::client::ClientError> {
                self.0.state().await
            }

            $(
                fn $operation(&self, $($argument: $argument_type),*) -> seam::ClientCall<$output, Failure> {
                    self.0.call(stringify!($operation), ($($argument,)*))
                }
            )*
        }

        impl From<seam::EntityTarget> for $calls {
            fn from(target: seam::EntityTarget) -> Self {
                Self(target)
            }
        }

        impl From<seam::LockedPart> for $section {
            fn from(_: seam::LockedPart) -> Self {
                Self(())
            }
        }

        impl seam::Entity for $type {
            const NAME: &'static str = stringify!($type);
            const VERSION: &'static str = "1";
            const OPERATIONS: &'static [seam::OperationDefinition] = &[
                $(seam::OperationDefinition::new(stringify!($operation), false),)*
            ];
            type Calls = $calls;
            type Section = $section;

            fn init() -> Self {
                Self::default()
            }

            fn load(recorded: &seam::Payload) -> Result<Self, seam::CodecError> {
                seam::load_state::<Self>(recorded)
            }

            fn run<'a>(&'a mut self, call: seam::OperationCall<'a>) -> seam::OperationFuture<'a> {
                Box::pin(async move {
                    match call.operation() {
                        $(stringify!($operation) => match call.arguments::<($($argument_type,)*)>() {
                            Ok(($($argument,)*)) => seam::OperationResult::of_value::<$output>(
                                &self.$operation($($argument),*),
                            ),
                            Err(refused) => refused,
                        },)*
                        _ => call.unknown(),
                    }
                })
            }
        }
    };
}

by_hand!(Register, RegisterCalls, RegisterSection, RegisterClient, {
    fn write(value: u64) -> ();
    fn compare_and_set(expected: u64, value: u64) -> bool;
    fn read() -> u64;
});

by_hand!(
    AppendList,
    AppendListCalls,
    AppendListSection,
    AppendListClient,
    {
        fn append(entry: u64) -> usize;
        fn read() -> Vec<u64>;
    }
);
