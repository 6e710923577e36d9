//! The commands of a client, at the level of payloads.

use std::time::Duration;

use async_trait::async_trait;

use super::ClientError;
use super::Control;
use super::DelayedSignal;
use super::EntityFilter;
use super::EntityListing;
use super::EntityPage;
use super::EntityRequest;
use super::EntityTicket;
use super::InstanceFilter;
use super::InstancePage;
use super::OrchestratorCode;
use super::PageToken;
use super::Purged;
use super::StartRequest;
use super::Started;
use super::WithdrawRequest;
use super::version_for;
use crate::failure::CallResult;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::Lane;
use crate::ids::MessageId;
use crate::payload::Payload;
use crate::work::Heartbeat;
use crate::work::InstanceRow;

/// The commands of a client. The trait is object-safe, so that a client works the same over a store
/// in this process and over a network.
#[async_trait]
pub trait Commands: Send + Sync + std::fmt::Debug {
    /// Closes what was opened for these commands alone: later calls return
    /// [`ClientError::Closed`]. By default there is nothing to close.
    async fn close(&self) {}

    /// Creates an instance; returns once it is durable. A start that names no version gets the newest
    /// that the workers of the hub have registered. One that names its version need not wait for such a
    /// worker.
    ///
    /// # Errors
    /// [`ClientError::AlreadyExists`], as [`IfExists`](super::IfExists) says; [`ClientError::NotRegistered`] without a
    /// version; errors of limits and of the store.
    async fn start(&self, request: StartRequest) -> Result<Started, ClientError>;

    /// Creates an instance of an orchestrator with a name, a version and an input that nobody has
    /// checked: it refuses an orchestrator or a version that no worker of the hub has registered, and an
    /// input that the orchestrator does not take, where its code is in this process.
    ///
    /// # Errors
    /// As [`start`](Self::start); [`ClientError::NotRegistered`], [`ClientError::UndecodableInput`].
    async fn start_registered(&self, mut request: StartRequest) -> Result<Started, ClientError> {
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
    async fn lanes(&self) -> Result<Vec<Lane>, ClientError>;

    /// The orchestrator of that name and version, if its code is in this process. By default none is.
    fn code_of(&self, _name: &str, _version: &str) -> Option<OrchestratorCode> {
        None
    }

    /// Raises an external event; returns once it is durable. `command` makes repetitions count
    /// once.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], [`ClientError::Backlogged`],
    /// errors of limits and of the store.
    async fn raise(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError>;

    /// Raises an external event with a name and a value that nobody has checked: one that the
    /// instance's orchestrator does not declare, or whose value it cannot read, is refused where its
    /// code is in the process that has the store. By default it is nowhere.
    ///
    /// # Errors
    /// As [`raise`](Self::raise); [`ClientError::UndeclaredEvent`],
    /// [`ClientError::UndecodableEvent`].
    async fn raise_declared(
        &self,
        id: &InstanceId,
        name: &str,
        payload: Payload,
        command: &str,
    ) -> Result<(), ClientError> {
        self.raise(id, name, payload, command).await
    }

    /// Sends a request to an instance; returns once the request is durable.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::AlreadyFinished`], errors of limits and of the
    /// store.
    async fn control(
        &self,
        id: &InstanceId,
        control: Control,
        command: &str,
    ) -> Result<(), ClientError>;

    /// Starts an ended instance once more with the same input, under its own id, or starts a copy
    /// of an instance (which may still run) under another id. `command` makes repetitions count
    /// once.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::StillRunning`], [`ClientError::AlreadyExists`]
    /// for the other id, errors of the store.
    async fn restart(
        &self,
        id: &InstanceId,
        other: Option<InstanceId>,
        command: &str,
    ) -> Result<Started, ClientError>;

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
    ) -> Result<Purged, ClientError>;

    /// Returns the instance as it is now. It shows the requests of all clients, even before its
    /// owner has done them or while there is no worker. An end shows once it has come.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], errors of the store.
    async fn instance(&self, id: &InstanceId) -> Result<InstanceRow, ClientError>;

    /// Waits until the instance's row may have changed since `seen` was read, in this process or
    /// another.
    async fn changed(&self, seen: &InstanceRow);

    /// Completes after `wait`, by the clock of this client.
    async fn wait(&self, wait: Duration);

    /// Returns the history of an execution; by default of the current one.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], errors of the store.
    async fn history(
        &self,
        id: &InstanceId,
        execution: Option<Execution>,
    ) -> Result<History, ClientError>;

    /// Returns the part of the current history that tells what is open: from its last checkpoint on.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], errors of the store.
    async fn open_history(&self, id: &InstanceId) -> Result<History, ClientError>;

    /// Returns the events that an instance was sent and has not read, in the order in which they
    /// came: first those that its execution has taken, then those in the inbox.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], errors of the store.
    async fn unread_events(&self, id: &InstanceId) -> Result<Vec<ExternalEvent>, ClientError>;

    /// Returns the progress that the running activities of an instance have reported.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], errors of the store.
    async fn heartbeats(&self, id: &InstanceId) -> Result<Vec<Heartbeat>, ClientError>;

    /// How many events an instance was sent and did not read: how many
    /// [`unread_events`](Self::unread_events) are, without reading them.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], the store's own.
    async fn unread_count(&self, id: &InstanceId) -> Result<u64, ClientError> {
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
    ) -> Result<InstancePage, ClientError>;

    /// Returns how many instances match.
    ///
    /// # Errors
    /// The errors of the store.
    async fn count(&self, filter: &InstanceFilter) -> Result<u64, ClientError>;

    /// Sends an operation to an entity; returns once it is durable.
    ///
    /// # Errors
    /// Errors of limits and of the store.
    async fn entity_send(&self, request: EntityRequest) -> Result<EntityTicket, ClientError>;

    /// Waits for the answer to an operation that was sent with
    /// [`wants_answer`](EntityRequest::wants_answer).
    ///
    /// # Errors
    /// [`ClientError::NotCalled`] if the ticket belongs to another entity than its
    /// [`entity`](EntityTicket::entity) says; errors of the store.
    async fn entity_answer(&self, ticket: &EntityTicket) -> Result<CallResult, ClientError>;

    /// Returns a page of the delayed signals that have not been delivered to an entity yet, in the
    /// order in which they were sent: some of those after `after`, or none if there are no more.
    ///
    /// # Errors
    /// The errors of the store.
    async fn delayed_signals(
        &self,
        id: &EntityId,
        after: Option<MessageId>,
    ) -> Result<Vec<DelayedSignal>, ClientError>;

    /// Withdraws a delayed signal. Either it is withdrawn and never runs, or it is delivered.
    ///
    /// # Errors
    /// [`ClientError::AlreadyDelivered`], errors of the store.
    async fn signal_withdraw(&self, request: WithdrawRequest) -> Result<(), ClientError>;

    /// Returns the entity as it is now; `None` if it has no state, is not locked and no message
    /// waits for it.
    ///
    /// # Errors
    /// The errors of the store.
    async fn entity(&self, id: &EntityId) -> Result<Option<EntityListing>, ClientError>;

    /// Returns a page of entities, by name and key.
    ///
    /// # Errors
    /// The errors of the store.
    async fn entities(
        &self,
        filter: &EntityFilter,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<EntityPage, ClientError>;
}
