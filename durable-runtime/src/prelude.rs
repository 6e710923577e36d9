//! Everything that a program with orchestrations needs: `use durable_runtime::prelude::*;`.

pub use futures_util::StreamExt;
pub use futures_util::future::join_all;
pub use futures_util::future::try_join_all;
pub use futures_util::stream::FuturesUnordered;

pub use durable_macros::Event;
pub use durable_macros::activity;
pub use durable_macros::entity;
pub use durable_macros::orchestrator;

pub use crate::activity::ActivityContext;
pub use crate::activity::State;
pub use crate::callable::Retryable;
pub use crate::client::Client;
pub use crate::client::ClientError;
pub use crate::client::Instance;
pub use crate::client::OperationError;
pub use crate::client::ResultError;
pub use crate::client::Status;
pub use crate::clock::Timestamp;
pub use crate::clock::days;
pub use crate::clock::hours;
pub use crate::clock::minutes;
pub use crate::clock::seconds;
pub use crate::commands::IfExists;
pub use crate::entity::EntityContext;
pub use crate::entity::EntityRef;
pub use crate::entity::Locked;
pub use crate::failure::Failure;
pub use crate::ids::InstanceId;
pub use crate::orchestration::Call;
pub use crate::orchestration::ChildCall;
pub use crate::orchestration::DurableBox;
pub use crate::orchestration::DurableExt;
pub use crate::orchestration::Event;
pub use crate::orchestration::OrchestrationContext;
pub use crate::retry::RetryPolicy;
pub use crate::worker::Runtime;
pub use durable_runtime::lock;
