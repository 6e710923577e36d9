//! Why a client's request was not done.

use std::borrow::Cow;
use std::error::Error;

use serde::Deserialize;
use serde::Serialize;

use super::NotRegistered;
use super::UndeclaredEvent;
use super::UndecodableEvent;
use super::UndecodableInput;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::InvalidEntityKey;
use crate::ids::InvalidInstanceId;
use crate::payload::CodecError;
use crate::work::InstanceStatus;

/// Why a client's request was not done. Nothing was written, except with
/// [`ClientError::Unavailable`], [`ClientError::Store`], [`ClientError::Unreachable`] or
/// [`ClientError::UnexpectedAnswer`]: then the client does not know.
///
/// A server sends it to its clients without the cause, which is in the log of the server.
///
/// ```
/// use durable_runtime::client::ClientError;
///
/// fn is_there_already(error: &ClientError) -> bool {
///     matches!(error, ClientError::AlreadyExists { .. })
/// }
/// ```
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
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
        #[serde(skip, default = "untold")]
        source: Box<dyn Error + Send + Sync>,
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
        #[serde(skip, default = "untold")]
        source: Box<dyn Error + Send + Sync>,
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
        #[serde(skip, default = "untold")]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// What stands in for the cause of an error that comes from a server.
fn untold() -> Box<dyn Error + Send + Sync> {
    "the log of the server says why".into()
}

impl ClientError {
    /// What a server tells its clients of the error; nothing of what is between it and another server.
    /// To them a closed store is one that is not available.
    #[cfg(feature = "http")]
    pub(crate) fn told(self) -> Option<Self> {
        match self {
            Self::Unreachable { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::TooManyRequests { .. }
            | Self::UnexpectedAnswer { .. } => None,
            Self::Closed { action } => Some(Self::Unavailable {
                action,
                source: untold(),
            }),
            told => Some(told),
        }
    }

    /// The error that a server has told, with what its answer says besides as the cause.
    #[cfg(feature = "http-client")]
    pub(crate) fn because(mut self, reason: String) -> Self {
        if let Self::Unavailable { source, .. } | Self::Store { source, .. } = &mut self {
            *source = reason.into();
        }
        self
    }
}

#[cfg(all(test, feature = "http", feature = "http-client"))]
mod tests {
    use super::*;

    /// What a client over HTTP gets of an error of its server.
    fn at_the_client(error: ClientError) -> Option<(String, String)> {
        let told = serde_json::to_string(&error.told()?).ok()?;
        let error: ClientError = serde_json::from_str(&told).ok()?;
        let error = error.because("ask the operator".to_owned());
        let cause = error.source().map(ToString::to_string);
        let said = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        Some((told, said))
    }

    fn pair(told: &str, said: &str) -> (String, String) {
        (told.to_owned(), said.to_owned())
    }

    #[test]
    fn a_client_over_http_learns_what_was_refused_and_not_what_the_store_said() {
        let id = InstanceId::new("a").unwrap();
        let status = InstanceStatus::Running;
        assert_eq!(
            at_the_client(ClientError::AlreadyExists { id, status }),
            Some(pair(
                r#"{"AlreadyExists":{"id":"a","status":"Running"}}"#,
                "instance `a` already exists and is Running"
            ))
        );
        let (action, source) = ("read the instance".into(), "secret.db is locked".into());
        assert_eq!(
            at_the_client(ClientError::Store { action, source }),
            Some(pair(
                r#"{"Store":{"action":"read the instance"}}"#,
                "failed to read the instance: ask the operator"
            ))
        );
        // The store of the server is closed, and not that of the client.
        let action = "read the instance".into();
        assert_eq!(
            at_the_client(ClientError::Closed { action }),
            Some(pair(
                r#"{"Unavailable":{"action":"read the instance"}}"#,
                "failed to read the instance: the store cannot do it now: ask the operator"
            ))
        );
    }

    #[test]
    fn a_client_over_http_is_not_told_what_its_server_was_refused_by_another() {
        let (server, reason) = ("http://inner".to_owned(), "a wrong key".to_owned());
        assert_eq!(
            at_the_client(ClientError::Unauthorized { server, reason }),
            None
        );
    }
}
