//! Why a client's wish was not done.

use crate::ids::InstanceId;
use crate::ids::InvalidInstanceId;
use crate::payload::CodecError;
use crate::work::CommandError;
use crate::work::InstanceStatus;

/// Why a client's wish was not done. Nothing was written, unless it is [`ClientError::Store`]: then
/// it is not known.
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
        what: &'static str,
        /// How many bytes it has.
        actual: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A limit on numbers was passed.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is limited.
        what: &'static str,
        /// How much there was.
        actual: usize,
        /// How much there may be.
        limit: usize,
    },
    /// A value has no recorded form, or what is recorded is not of the type asked for.
    #[error(transparent)]
    Codec(#[from] CodecError),
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

impl From<CommandError> for ClientError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::AlreadyExists { id, status } => Self::AlreadyExists { id, status },
            CommandError::NotFound { id } => Self::NotFound { id },
            CommandError::AlreadyFinished { id, status } => Self::AlreadyFinished { id, status },
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
            CommandError::Store { action, source } => Self::Store { action, source },
        }
    }
}
