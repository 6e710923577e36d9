//! Why a client's request was not done.

use std::borrow::Cow;

use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::InvalidEntityKey;
use crate::ids::InvalidInstanceId;
use crate::payload::CodecError;
use crate::work::CommandError;
use crate::work::InstanceStatus;
use crate::work::NotRegistered;
use crate::work::UndeclaredEvent;
use crate::work::UndecodableEvent;
use crate::work::UndecodableInput;

/// Why a client's request was not done. Nothing was written, except with
/// [`ClientError::Unavailable`], [`ClientError::Store`], [`ClientError::Unreachable`] or
/// [`ClientError::UnexpectedAnswer`]: then the client does not know.
///
/// ```
/// use durable_runtime::client::ClientError;
///
/// fn is_there_already(error: &ClientError) -> bool {
///     matches!(error, ClientError::AlreadyExists { .. })
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
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
    /// The instance has as many unread events as it may have, and did not accept this one. Raise it
    /// again later.
    #[error("instance `{id}` has {limit} unread events, the most that it may have")]
    Backlogged {
        /// The id.
        id: InstanceId,
        /// How many it may have.
        limit: usize,
    },
    /// No worker of the hub has registered the orchestrator that the client started by its name, or that
    /// version of it.
    #[error(transparent)]
    NotRegistered(#[from] NotRegistered),
    /// The orchestrator that the client started by its name does not take the input.
    #[error(transparent)]
    UndecodableInput(#[from] UndecodableInput),
    /// The orchestrator does not declare the event that the client raised by its name. The event was
    /// not accepted.
    #[error(transparent)]
    UndeclaredEvent(#[from] UndeclaredEvent),
    /// The instance's orchestrator declares the event that was raised by its name, but cannot read its
    /// value. It was not accepted.
    #[error(transparent)]
    UndecodableEvent(#[from] UndecodableEvent),
    /// The instance has not ended, so it can neither be restarted nor purged.
    #[error("instance `{id}` is still {status}")]
    StillRunning {
        /// The id.
        id: InstanceId,
        /// Its status.
        status: InstanceStatus,
    },
    /// The id breaks the rules of [`InstanceId`].
    #[error(transparent)]
    InvalidInstanceId(#[from] InvalidInstanceId),
    /// The key breaks the rules of [`EntityId`].
    #[error(transparent)]
    InvalidEntityKey(#[from] InvalidEntityKey),
    /// A payload is too large.
    #[error("{what} has {actual} bytes, above the limit of {limit}")]
    PayloadTooLarge {
        /// Which payload.
        what: Cow<'static, str>,
        /// How many bytes it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A number exceeds its limit.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is counted.
        what: Cow<'static, str>,
        /// The number.
        actual: usize,
        /// The limit.
        limit: usize,
    },
    /// A value has no recorded form, or a recorded value does not decode as the expected type.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The delayed signal is no longer waiting: it was delivered or withdrawn before.
    #[error("the signal to {entity} was already delivered or withdrawn")]
    AlreadyDelivered {
        /// The entity.
        entity: EntityId,
    },
    /// The client asked for the answer to a command that went to another entity.
    #[error("{entity} was not called by this command")]
    NotCalled {
        /// The entity that the client named.
        entity: EntityId,
    },
    /// A client over HTTP could not reach its server, or the server did not answer in time.
    #[error("the server {server} cannot be reached")]
    Unreachable {
        /// The server.
        server: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server does not know the key of a client over HTTP, or no longer accepts it.
    #[error("the server {server} does not accept this client: {reason}")]
    Unauthorized {
        /// The server.
        server: String,
        /// What the server says.
        reason: String,
    },
    /// The server does not allow this with the key of a client over HTTP.
    #[error("the server {server} does not allow this: {reason}")]
    Forbidden {
        /// The server.
        server: String,
        /// What the server says.
        reason: String,
    },
    /// The server of a client over HTTP was too busy each time it was asked.
    #[error("the server {server} is too busy: {reason}")]
    TooManyRequests {
        /// The server.
        server: String,
        /// What the server says.
        reason: String,
    },
    /// The server of a client over HTTP sent an answer that this version cannot read. Another
    /// service may run at that URL, or another version.
    #[error("the server {server} sent an answer that this client cannot read: {problem}")]
    UnexpectedAnswer {
        /// The server.
        server: String,
        /// What is wrong with the answer.
        problem: String,
    },
    /// The store cannot do it now: it is busy, has no room, or its disk fails. A later attempt may
    /// succeed. The client does not know whether the request was done.
    #[error("failed to {action}: the store cannot do it now")]
    Unavailable {
        /// What the client tried.
        action: Cow<'static, str>,
        /// The cause: a [`StoreError`](crate::store::StoreError) if the store is in this process.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store is closed, because the [`Runtime`](crate::Runtime) of this client has shut down or
    /// somebody closed the client. Nothing was done.
    #[error("failed to {action}: the store is closed")]
    Closed {
        /// What the client tried.
        action: Cow<'static, str>,
    },
    /// The store could not do it.
    #[error("failed to {action}")]
    Store {
        /// What the client tried.
        action: Cow<'static, str>,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<CommandError> for ClientError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::AlreadyExists { id, status } => Self::AlreadyExists { id, status },
            CommandError::NotFound { id } => Self::NotFound { id },
            CommandError::AlreadyFinished { id, status } => Self::AlreadyFinished { id, status },
            CommandError::Backlogged { id, limit } => Self::Backlogged { id, limit },
            CommandError::NotRegistered(start) => Self::NotRegistered(start),
            CommandError::UndecodableInput(start) => Self::UndecodableInput(start),
            CommandError::UndeclaredEvent(event) => Self::UndeclaredEvent(event),
            CommandError::UndecodableEvent(event) => Self::UndecodableEvent(event),
            CommandError::InvalidEntityKey(invalid) => Self::InvalidEntityKey(invalid),
            CommandError::StillRunning { id, status } => Self::StillRunning { id, status },
            CommandError::PayloadTooLarge {
                what,
                actual,
                limit,
            } => Self::PayloadTooLarge {
                what,
                actual,
                limit,
            },
            CommandError::LimitExceeded {
                what,
                actual,
                limit,
            } => Self::LimitExceeded {
                what,
                actual,
                limit,
            },
            CommandError::AlreadyDelivered { entity } => Self::AlreadyDelivered { entity },
            CommandError::NotCalled { entity } => Self::NotCalled { entity },
            CommandError::Unreachable { server, source } => Self::Unreachable { server, source },
            CommandError::Unauthorized { server, reason } => Self::Unauthorized { server, reason },
            CommandError::Forbidden { server, reason } => Self::Forbidden { server, reason },
            CommandError::TooManyRequests { server, reason } => {
                Self::TooManyRequests { server, reason }
            }
            CommandError::UnexpectedAnswer { server, problem } => {
                Self::UnexpectedAnswer { server, problem }
            }
            CommandError::Unavailable { action, source } => Self::Unavailable { action, source },
            CommandError::Closed { action } => Self::Closed { action },
            CommandError::Store { action, source } => Self::Store { action, source },
        }
    }
}
