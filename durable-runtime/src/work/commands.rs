//! What a client can ask for, at the level of payloads.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde::Serialize;

use super::EntityFilter;
use super::EntityListing;
use super::EntityPage;
use super::EntityRequest;
use super::EntityTicket;
use super::IfExists;
use super::InstanceRow;
use super::InstanceStatus;
use super::UnreadEvent;
use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::payload::Payload;

/// What a client can ask for. Object-safe, so that a client works the same over a store in this
/// process and over a network.
#[async_trait]
pub trait Commands: Send + Sync + std::fmt::Debug {
    /// Creates an instance; returns once it is durable.
    ///
    /// # Errors
    /// [`CommandError::AlreadyExists`] by [`IfExists`], limits, the store's own.
    async fn start(&self, request: StartRequest) -> Result<Started, CommandError>;

    /// Raises an external event; returns once it is durable. `command` makes repetitions count
    /// once.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::AlreadyFinished`], limits, the store's own.
    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), CommandError>;

    /// Asks for the end of an instance; returns once the wish is durable.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::AlreadyFinished`], the store's own.
    async fn terminate(
        &self,
        id: &InstanceId,
        reason: &str,
        command: &str,
    ) -> Result<(), CommandError>;

    /// The instance as it is now.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, CommandError>;

    /// Waits until the instance's row may have changed since `seen` was read, in this process or
    /// another.
    async fn changed(&self, seen: &InstanceRow);

    /// Completes after `wait`, by the clock that this client goes by.
    async fn wait(&self, wait: std::time::Duration);

    /// The history of an execution; of the current one if none is named.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, CommandError>;

    /// The events that an instance was sent and did not read (so far, while it is live).
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<UnreadEvent>, CommandError>;

    /// A page of instances, in order of creation.
    ///
    /// # Errors
    /// The store's own.
    async fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, CommandError>;

    /// Sends an operation to an entity; returns once it is durable.
    ///
    /// # Errors
    /// Limits, the store's own.
    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, CommandError>;

    /// Waits for the answer to an operation that was sent with
    /// [`wants_answer`](EntityRequest::wants_answer).
    ///
    /// # Errors
    /// The store's own.
    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, CommandError>;

    /// The entity as it is now; `None` when it has no state, is not locked and nothing waits for it.
    ///
    /// # Errors
    /// The store's own.
    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, CommandError>;

    /// A page of entities, by name and key.
    ///
    /// # Errors
    /// The store's own.
    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, CommandError>;
}

/// A start, at the level of payloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRequest {
    /// The id; made up if absent.
    pub id: Option<InstanceId>,
    /// The orchestrator's name.
    pub name: String,
    /// The orchestrator's version.
    pub version: String,
    /// The input; absent when none was given.
    pub input: Option<Payload>,
    /// When to begin.
    pub start_at: Option<StartAt>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// What to do when the id is taken.
    pub if_exists: IfExists,
    /// Trace context and the like.
    pub headers: BTreeMap<String, String>,
}

/// When a scheduled start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartAt {
    /// At this time.
    At(Timestamp),
    /// This long after the store has it.
    After(std::time::Duration),
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The id of the instance.
    pub id: InstanceId,
    /// Whether it was there already ([`IfExists::Use`]).
    pub existed: bool,
    /// Present while the owner has yet to replace the instance that had the id
    /// ([`IfExists::Replace`]): the command that created that one. A row with this command is
    /// still the old instance.
    pub replaces: Option<String>,
}

/// Which instances to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstanceFilter {
    /// Only these statuses; all if empty.
    pub statuses: Vec<InstanceStatus>,
    /// Only this orchestrator.
    pub name: Option<String>,
}

/// Where a page ends: the key of its last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageToken(pub InstanceKey);

/// A page of instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstancePage {
    /// The rows, in order of creation.
    pub instances: Vec<InstanceRow>,
    /// Where the next page begins; absent after the last.
    pub next: Option<PageToken>,
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The id belongs to an instance already.
    #[error("instance `{id}` already exists and is {status}")]
    AlreadyExists {
        /// The id.
        id: InstanceId,
        /// Where that instance stands.
        status: InstanceStatus,
    },
    /// There is no such instance.
    #[error("there is no instance `{id}`")]
    NotFound {
        /// The id.
        id: InstanceId,
    },
    /// The instance has ended, so nothing can be sent to it.
    #[error("instance `{id}` is {status} already")]
    AlreadyFinished {
        /// The id.
        id: InstanceId,
        /// How it ended.
        status: InstanceStatus,
    },
    /// A payload is too large. Nothing was written.
    #[error("{what} has {actual} bytes, above the limit of {limit}")]
    PayloadTooLarge {
        /// Which payload.
        what: &'static str,
        /// How many bytes it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A limit on numbers was passed. Nothing was written.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is limited.
        what: &'static str,
        /// How much there was.
        actual: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The store could not do it.
    #[error("failed to {action}")]
    Store {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
