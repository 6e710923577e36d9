//! Why a client's wish was not done.

use std::borrow::Cow;

use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::InvalidInstanceId;
use crate::payload::CodecError;
use crate::work::CommandError;
use crate::work::InstanceStatus;
use crate::work::UndeclaredEvent;

/// Why a client's wish was not done. Nothing was written, unless it is
/// [`ClientError::Unavailable`], [`ClientError::Store`], [`ClientError::Unreachable`] or
/// [`ClientError::UnexpectedAnswer`]: then it is not known.
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
    /// The instance's orchestrator does not declare the event that was raised by its name. It was not
    /// accepted.
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
    /// The id breaks the rules of [`InstanceId`].
    #[error(transparent)]
    InvalidInstanceId(#[from] InvalidInstanceId),
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
    /// A limit on numbers was passed.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is limited.
        what: Cow<'static, str>,
        /// How much there was.
        actual: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A value has no recorded form, or what is recorded is not of the type asked for.
    #[error(transparent)]
    Codec(#[from] CodecError),
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
    /// The server of a client over HTTP could not be reached, or did not answer in time.
    #[error("the server {server} cannot be reached")]
    Unreachable {
        /// The server.
        server: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server of a client over HTTP does not know its key, or not any more.
    #[error("the server {server} does not know this client: {reason}")]
    Unauthorized {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// The server of a client over HTTP does not allow this with its key.
    #[error("the server {server} does not allow this: {reason}")]
    Forbidden {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// The server of a client over HTTP has more to do than it takes, again and again.
    #[error("the server {server} takes no more: {reason}")]
    TooManyRequests {
        /// The server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// What the server of a client over HTTP answered is not what this version reads: there is
    /// something else at that URL, or another version.
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
    /// The store was closed: the [`Runtime`](crate::Runtime) that this is a client of was shut down, or the client
    /// was closed. Nothing was done.
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

impl From<CommandError> for ClientError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::AlreadyExists { id, status } => Self::AlreadyExists { id, status },
            CommandError::NotFound { id } => Self::NotFound { id },
            CommandError::AlreadyFinished { id, status } => Self::AlreadyFinished { id, status },
            CommandError::Backlogged { id, limit } => Self::Backlogged { id, limit },
            CommandError::UndeclaredEvent(event) => Self::UndeclaredEvent(event),
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
