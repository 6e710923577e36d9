//! The commands of a client, at the level of payloads.

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
use super::Heartbeat;
use super::IfExists;
use super::InstanceFilter;
use super::InstancePage;
use super::InstanceRow;
use super::InstanceStatus;
use super::NotRegistered;
use super::OrchestratorCode;
use super::PageToken;
use super::Purged;
use super::UndeclaredEvent;
use super::UndecodableEvent;
use super::UndecodableInput;
use super::WithdrawRequest;
use super::version_for;
use crate::clock::Timestamp;
use crate::failure::CallResult;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InvalidEntityKey;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::payload::Payload;
use crate::payload::optional;

/// The commands of a client. The trait is object-safe, so that a client works the same over a store
/// in this process and over a network.
#[async_trait]
pub trait Commands: Send + Sync + std::fmt::Debug {
    /// Closes what was opened for these commands alone: later calls return
    /// [`CommandError::Closed`]. By default there is nothing to close.
    async fn close(&self) {}

    /// Creates an instance; returns once it is durable. A start that names no version gets the newest
    /// that the workers of the hub have registered. One that names its version need not wait for such a
    /// worker.
    ///
    /// # Errors
    /// [`CommandError::AlreadyExists`], as [`IfExists`] says; [`CommandError::NotRegistered`] without a
    /// version; errors of limits and of the store.
    async fn start(&self, request: StartRequest) -> Result<Started, CommandError>;

    /// Creates an instance of an orchestrator with a name, a version and an input that nobody has
    /// checked: it refuses an orchestrator or a version that no worker of the hub has registered, and an
    /// input that the orchestrator does not take, where its code is in this process.
    ///
    /// # Errors
    /// As [`start`](Self::start); [`CommandError::NotRegistered`], [`CommandError::UndecodableInput`].
    async fn start_registered(&self, mut request: StartRequest) -> Result<Started, CommandError> {
        let lanes = self.lanes().await?;
        let version = version_for(&lanes, &request.name, request.version.as_deref())?;
        if let Some(code) = self.code_of(&request.name, &version) {
            request.input = code.input(request.input)?;
        }
        request.version = Some(version);
        self.start(request).await
    }

    /// Returns the lanes for which the workers of the hub have registered, sorted: those of
    /// orchestrators, with their versions, and those of entities. If there is no worker, returns
    /// every lane that the hub has ever had.
    ///
    /// # Errors
    /// The errors of the store.
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
    /// errors of limits and of the store.
    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), CommandError>;

    /// Raises an external event with a name and a value that nobody has checked: one that the
    /// instance's orchestrator does not declare, or whose value it cannot read, is refused where its
    /// code is in the process that has the store. By default it is nowhere.
    ///
    /// # Errors
    /// As [`raise`](Self::raise); [`CommandError::UndeclaredEvent`],
    /// [`CommandError::UndecodableEvent`].
    async fn raise_declared(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), CommandError> {
        self.raise(id, name, payload, command).await
    }

    /// Sends a request to an instance; returns once the request is durable.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::AlreadyFinished`], errors of limits and of the
    /// store.
    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), CommandError>;

    /// Starts an ended instance once more with the same input, under its own id, or starts a copy
    /// of an instance (which may still run) under another id. `command` makes repetitions count
    /// once.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], [`CommandError::StillRunning`], [`CommandError::AlreadyExists`]
    /// for the other id, errors of the store.
    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, CommandError>;

    /// Deletes ended instances that match `filter`, with all that is stored of them, in one bounded
    /// transaction. With `children`, also deletes the ended sub-orchestrations below them.
    ///
    /// # Errors
    /// The errors of the store.
    async fn purge(
        &self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
    ) -> Result<Purged, CommandError>;

    /// Returns the instance as it is now. It shows the requests of all clients, even before its
    /// owner has done them or while there is no worker. An end shows once it has come.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], errors of the store.
    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, CommandError>;

    /// Waits until the instance's row may have changed since `seen` was read, in this process or
    /// another.
    async fn changed(&self, seen: &InstanceRow);

    /// Completes after `wait`, by the clock of this client.
    async fn wait(&self, wait: Duration);

    /// Returns the history of an execution; by default of the current one.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], errors of the store.
    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, CommandError>;

    /// Returns the part of the current history that tells what is open: from its last checkpoint on.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], errors of the store.
    async fn open_history(&self, id: &InstanceId) -> Result<History, CommandError>;

    /// Returns the events that an instance was sent and has not read, in the order in which they
    /// came: first those that its execution has taken, then those in the inbox.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], errors of the store.
    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<ExternalEvent>, CommandError>;

    /// Returns the progress that the running activities of an instance have reported.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], errors of the store.
    async fn heartbeats(&self, id: &InstanceId) -> Result<Vec<Heartbeat>, CommandError>;

    /// How many events an instance was sent and did not read: how many
    /// [`unread_events`](Self::unread_events) are, without reading them.
    ///
    /// # Errors
    /// [`CommandError::NotFound`], the store's own.
    async fn unread_count(&self, id: &InstanceId) -> Result<u64, CommandError> {
        Ok(self.unread_events(id).await?.len() as u64)
    }

    /// Returns a page of instances, in order of creation.
    ///
    /// # Errors
    /// The errors of the store.
    async fn instances(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> Result<InstancePage, CommandError>;

    /// Returns how many instances match.
    ///
    /// # Errors
    /// The errors of the store.
    async fn count(&self, filter: &InstanceFilter) -> Result<u64, CommandError>;

    /// Sends an operation to an entity; returns once it is durable.
    ///
    /// # Errors
    /// Errors of limits and of the store.
    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, CommandError>;

    /// Waits for the answer to an operation that was sent with
    /// [`wants_answer`](EntityRequest::wants_answer).
    ///
    /// # Errors
    /// [`CommandError::NotCalled`] if the ticket belongs to another entity than its
    /// [`entity`](EntityTicket::entity) says; errors of the store.
    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, CommandError>;

    /// Returns a page of the delayed signals that have not been delivered to an entity yet, in the
    /// order in which they were sent: some of those after `after`, or none if there are no more.
    ///
    /// # Errors
    /// The errors of the store.
    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, CommandError>;

    /// Withdraws a delayed signal. Either it is withdrawn and never runs, or it is delivered.
    ///
    /// # Errors
    /// [`CommandError::AlreadyDelivered`], errors of the store.
    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), CommandError>;

    /// Returns the entity as it is now; `None` if it has no state, is not locked and no message
    /// waits for it.
    ///
    /// # Errors
    /// The errors of the store.
    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, CommandError>;

    /// Returns a page of entities, by name and key.
    ///
    /// # Errors
    /// The errors of the store.
    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, CommandError>;
}

/// A request to an instance that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Control {
    /// End at once.
    Terminate {
        /// The reason.
        reason: String,
        /// Whether its sub-orchestrations end with it.
        recursive: bool,
    },
    /// End itself.
    Cancel {
        /// The grace period, after which it is terminated.
        grace: Duration,
    },
    /// Keep everything that comes in until it is resumed.
    Suspend,
    /// Continue.
    Resume,
}

/// A start, at the level of payloads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartRequest {
    /// The id; a fresh one if absent.
    pub id: Option<InstanceId>,
    /// The orchestrator's name.
    pub name: String,
    /// The orchestrator's version; the newest that is registered if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
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
    /// An event to raise with the start: to the instance that is started, or to an existing one
    /// that is used.
    pub event: Option<FirstEvent>,
    /// Makes repetitions count once.
    pub command: String,
}

/// When a scheduled start begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartAt {
    /// At this time.
    At(Timestamp),
    /// This long after the store has received it.
    After(Duration),
}

/// The result of a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The id of the instance.
    pub id: InstanceId,
    /// Whether it existed before ([`IfExists::Use`]).
    pub existed: bool,
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The id already belongs to an instance.
    #[error("instance `{id}` already exists and is {status}")]
    AlreadyExists {
        /// The id.
        id: InstanceId,
        /// The status of that instance.
        status: InstanceStatus,
    },
    /// There is no such instance.
    #[error("there is no instance `{id}`")]
    NotFound {
        /// The id.
        id: InstanceId,
    },
    /// The instance has ended, so it accepts nothing more.
    #[error("instance `{id}` is {status} already")]
    AlreadyFinished {
        /// The id.
        id: InstanceId,
        /// How it ended.
        status: InstanceStatus,
    },
    /// The instance has the most unread events that it may have. It did not accept the event: raise
    /// it again later.
    #[error("instance `{id}` has {limit} unread events, the most that it may have")]
    Backlogged {
        /// The id.
        id: InstanceId,
        /// How many it may have.
        limit: usize,
    },
    /// No worker of the hub has registered that orchestrator, or that version of it. Nothing was
    /// started.
    #[error(transparent)]
    NotRegistered(#[from] NotRegistered),
    /// The orchestrator does not take the input. Nothing was started.
    #[error(transparent)]
    UndecodableInput(#[from] UndecodableInput),
    /// The instance's orchestrator does not declare the event. It was not raised.
    #[error(transparent)]
    UndeclaredEvent(#[from] UndeclaredEvent),
    /// The instance's orchestrator declares the event, but cannot read its value. It was not raised.
    #[error(transparent)]
    UndecodableEvent(#[from] UndecodableEvent),
    /// The key cannot be one. Nothing was sent.
    #[error(transparent)]
    InvalidEntityKey(#[from] InvalidEntityKey),
    /// The instance has not ended, so it can neither be restarted nor purged.
    #[error("instance `{id}` is still {status}")]
    StillRunning {
        /// The id.
        id: InstanceId,
        /// Its status.
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
    /// A number exceeds its limit. Nothing was written.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is counted.
        what: Cow<'static, str>,
        /// The number.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// The delayed signal is no longer waiting: it was delivered or withdrawn before.
    #[error("the signal to {entity} was already delivered or withdrawn")]
    AlreadyDelivered {
        /// The entity.
        entity: EntityId,
    },
    /// This command did not call the entity.
    #[error("{entity} was not called by this command")]
    NotCalled {
        /// The entity.
        entity: EntityId,
    },
    /// The client could not reach a server over a network, or the server did not answer in time.
    /// The client does not know whether the command was done.
    #[error("the server {server} cannot be reached")]
    Unreachable {
        /// The server.
        server: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A server does not know the client's key, or no longer accepts it. Nothing was done.
    #[error("the server {server} does not accept this client: {reason}")]
    Unauthorized {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// A server does not allow this with the client's key. Nothing was done.
    #[error("the server {server} does not allow this: {reason}")]
    Forbidden {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// A server was too busy each time it was asked. Nothing was done.
    #[error("the server {server} is too busy: {reason}")]
    TooManyRequests {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// A server sent an answer that this version of the client cannot read. Something else may run
    /// at that URL, or another version. The client does not know whether the command was done.
    #[error("the server {server} sent an answer that this client cannot read: {problem}")]
    UnexpectedAnswer {
        /// The server.
        server: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The store cannot do it now: it is busy, has no room, or its disk fails. A later attempt may
    /// succeed. The caller does not know whether the request was done.
    #[error("failed to {action}: the store cannot do it now")]
    Unavailable {
        /// What was tried.
        action: Cow<'static, str>,
        /// The cause: a [`StoreError`](crate::store::StoreError) if the store is in this process.
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
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
