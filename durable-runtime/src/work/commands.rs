//! What a client can ask for, at the level of payloads.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde::Serialize;

use super::DelayedSignal;
use super::EntityFilter;
use super::EntityListing;
use super::EntityPage;
use super::EntityRequest;
use super::EntityTicket;
use super::FirstEvent;
use super::IfExists;
use super::InstanceFilter;
use super::InstancePage;
use super::InstanceRow;
use super::InstanceStatus;
use super::OrchestratorCode;
use super::PageToken;
use super::Purged;
use super::UndeclaredEvent;
use super::UnreadEvent;
use super::WithdrawRequest;
use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::payload::Payload;
use crate::payload::optional;

/// What a client can ask for. Object-safe, so that a client works the same over a store in this
/// process and over a network.
#[async_trait]
pub trait Commands: Send + Sync + std::fmt::Debug {
    /// Lets go of what was opened for these commands alone: what is asked from now on is
    /// [`CommandError::Closed`]. By default there is nothing to let go of.
    async fn close(&self) {}

    /// Creates an instance; returns once it is durable.
    ///
    /// # Errors
    /// [`CommandError::AlreadyExists`] by [`IfExists`], limits, the store's own.
    async fn start(&self, request: StartRequest) -> Result<Started, CommandError>;

    /// What the workers of the hub have registered for, sorted: the lanes of orchestrators, with
    /// their versions, and of entities. While no worker is there, all that the hub has ever had.
    ///
    /// # Errors
    /// The store's own.
    async fn lanes(&self) -> Result<Vec<Lane>, CommandError>;

    /// The orchestrator of that name and version, if its code is in this process. By default none is.
    fn code_of(&self, _name: &str, _version: &str) -> Option<OrchestratorCode> {
        None
    }

    /// Raises an external event; returns once it is durable. `command` makes repetitions count
    /// once.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::AlreadyFinished`], [`CommandError::Backlogged`],
    /// limits, the store's own.
    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), CommandError>;

    /// Raises an external event by a name that nobody has checked: one that the instance's
    /// orchestrator does not declare is refused where its code is in the process that has the store.
    /// By default it is nowhere.
    ///
    /// # Errors
    /// As [`raise`](Self::raise); [`CommandError::UndeclaredEvent`].
    async fn raise_declared(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), CommandError> {
        self.raise(id, name, payload, command).await
    }

    /// Tells an instance what to do; returns once that is durable.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::AlreadyFinished`], limits, the store's own.
    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), CommandError>;

    /// Starts an instance that has ended once more, with the same input: under its own id, or a
    /// copy of it (which may still run) under another. `command` makes repetitions count once.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::StillRunning`],
    /// [`CommandError::AlreadyExists`] for the other id, the store's own.
    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, CommandError>;

    /// Deletes instances that have ended, with all that is stored of them: one bounded transaction
    /// of those that `filter` wants. With `children`, also the sub-orchestrations below them that
    /// have ended.
    ///
    /// # Errors
    /// The store's own.
    async fn purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
    ) -> Result<Purged, CommandError>;

    /// The instance as it is now. What this or another client was told before shows in it, also while
    /// its owner has yet to do that, or no worker is there; an end shows once it has come.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, CommandError>;

    /// Waits until the instance's row may have changed since `seen` was read, in this process or
    /// another.
    async fn changed(&self, seen: &InstanceRow);

    /// Completes after `wait`, by the clock that this client goes by.
    async fn wait(&self, wait: Duration);

    /// The history of an execution; of the current one if none is named.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, CommandError>;

    /// The events that an instance was sent and did not read (so far, while it is live), in the order
    /// in which they came: those that its execution has taken, then those that wait for it.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<UnreadEvent>, CommandError>;

    /// How many events an instance was sent and did not read: how many
    /// [`unread_events`](Self::unread_events) are, without reading them.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn unread_count(&self, id: &InstanceId) -> Result<u64, CommandError> {
        Ok(self.unread_events(id).await?.len() as u64)
    }

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

    /// How many instances there are.
    ///
    /// # Errors
    /// The store's own.
    async fn count(&self, filter: &InstanceFilter) -> Result<u64, CommandError>;

    /// Sends an operation to an entity; returns once it is durable.
    ///
    /// # Errors
    /// Limits, the store's own.
    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, CommandError>;

    /// Waits for the answer to an operation that was sent with
    /// [`wants_answer`](EntityRequest::wants_answer).
    ///
    /// # Errors
    /// [`CommandError::NotCalled`] where the ticket is for another [entity](EntityTicket::entity) than
    /// it names, the store's own.
    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, CommandError>;

    /// A page of the delayed signals that are on their way to an entity, in the order in which they
    /// were sent: some of those after `after`; none, once there are no more.
    ///
    /// # Errors
    /// The store's own.
    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, CommandError>;

    /// Takes a delayed signal back: either it is withdrawn, and never run, or it is delivered.
    ///
    /// # Errors
    /// [`CommandError::AlreadyDelivered`], the store's own.
    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), CommandError>;

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

/// What an instance that has not ended can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Control {
    /// To end at once.
    Terminate {
        /// Why.
        reason: String,
        /// Whether its sub-orchestrations end with it.
        recursive: bool,
    },
    /// To come to an end of its own.
    Cancel {
        /// How long that may take; then it is terminated.
        grace: Duration,
    },
    /// To keep all that comes in until it is resumed.
    Suspend,
    /// To go on.
    Resume,
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
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub input: Option<Payload>,
    /// When to begin.
    pub start_at: Option<StartAt>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// What to do when the id is taken.
    pub if_exists: IfExists,
    /// Trace context and the like.
    pub headers: BTreeMap<String, String>,
    /// An event that is raised with the start: to the instance that is started, or to the one that
    /// exists and is used.
    pub event: Option<FirstEvent>,
    /// Makes repetitions count once.
    pub command: String,
}

/// When a scheduled start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartAt {
    /// At this time.
    At(Timestamp),
    /// This long after the store has it.
    After(Duration),
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The id of the instance.
    pub id: InstanceId,
    /// Whether it was there already ([`IfExists::Use`]).
    pub existed: bool,
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
    /// The instance has as many events that nobody has read as it may have. The event was not
    /// accepted: raise it again later.
    #[error(
        "instance `{id}` has {limit} events that it has not read, which is as many as it may have"
    )]
    Backlogged {
        /// The id.
        id: InstanceId,
        /// How many it may have.
        limit: usize,
    },
    /// The instance's orchestrator does not declare the event. It was not raised.
    #[error(transparent)]
    UndeclaredEvent(#[from] UndeclaredEvent),
    /// The instance has not ended, so it can be neither restarted nor purged.
    #[error("instance `{id}` is still {status}")]
    StillRunning {
        /// The id.
        id: InstanceId,
        /// Where it stands.
        status: InstanceStatus,
    },
    /// A payload is too large. Nothing was written.
    #[error("{what} has {actual} bytes, above the limit of {limit}")]
    PayloadTooLarge {
        /// Which payload.
        what: Cow<'static, str>,
        /// How many bytes it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A limit on numbers was passed. Nothing was written.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is limited.
        what: Cow<'static, str>,
        /// How much there was.
        actual: usize,
        /// How much there may be.
        limit: usize,
    },
    /// The delayed signal is not on its way any more: it was delivered, or withdrawn before.
    #[error("that signal is not on its way to {entity} any more")]
    AlreadyDelivered {
        /// The entity.
        entity: EntityId,
    },
    /// The entity was not called by this command.
    #[error("{entity} was not called by this command")]
    NotCalled {
        /// The entity.
        entity: EntityId,
    },
    /// A server that is asked over a network could not be reached, or did not answer in time.
    /// Whether the command was done is not known.
    #[error("the server {server} cannot be reached")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A server does not know the key that it was asked with, or not any more. Nothing was done.
    #[error("the server {server} does not know this client: {reason}")]
    Unauthorized {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// A server does not allow this with the key that it was asked with. Nothing was done.
    #[error("the server {server} does not allow this: {reason}")]
    Forbidden {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// A server has more to do than it takes, again and again. Nothing was done.
    #[error("the server {server} takes no more: {reason}")]
    TooManyRequests {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// What a server answered is not what this version of the client reads: there is something else
    /// at that URL, or another version. Whether the command was done is not known.
    #[error("the server {server} gave an answer that is none: {problem}")]
    UnexpectedAnswer {
        /// The server.
        server: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The store cannot do it now: it is busy, has no room, or its disk fails. Asked again later it
    /// may. Whether it was done is not known.
    #[error("failed to {action}: the store cannot do it now")]
    Unavailable {
        /// What was tried.
        action: Cow<'static, str>,
        /// Why it cannot: a [`StoreError`](crate::store::StoreError), if the store is in this process.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store was closed. Nothing was done.
    #[error("failed to {action}: the store is closed")]
    Closed {
        /// What was tried.
        action: Cow<'static, str>,
    },
    /// The store could not do it.
    #[error("failed to {action}")]
    Store {
        /// What was tried.
        action: Cow<'static, str>,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
