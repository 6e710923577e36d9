//! Failures that do not come from the user's code: timed out, cancelled, panicked, lost.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::ids::InvalidEntityKey;
use crate::ids::InvalidInstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// Why a call failed, if the called function did not return an error itself.
///
/// A function's error type is made from it by `From<Failure>`, so one `match` covers everything:
///
/// ```
/// use durable_runtime::Failure;
///
/// #[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
/// enum PaymentError {
///     #[error("declined")]
///     Declined,
///     #[error(transparent)]
///     Infrastructure(#[from] Failure),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The call took too long.
    #[error("timed out: {limit} of {after:?} passed")]
    TimedOut {
        /// Which limit.
        limit: TimeLimit,
        /// How long the limit is.
        after: Duration,
    },
    /// The call was cancelled before it had a result.
    #[error("cancelled")]
    Cancelled,
    /// The function panicked.
    #[error("panicked: {message}{}", at(location.as_deref()))]
    Panicked {
        /// What the panic said.
        message: String,
        /// Where it panicked, `file:line:column`.
        location: Option<String>,
    },
    /// The worker died again and again while it ran this call.
    #[error("the worker was lost in {attempts} attempts in a row")]
    WorkerLost {
        /// How many attempts were lost.
        attempts: u32,
    },
    /// The sub-orchestration was terminated.
    #[error("terminated: {reason}")]
    Terminated {
        /// The reason that the caller of `terminate` gave.
        reason: String,
    },
    /// Another instance has the id that was asked for.
    #[error("instance `{instance}` already exists")]
    AlreadyExists {
        /// That id.
        instance: InstanceId,
    },
    /// The id that the call names is not a valid id; nothing was started.
    #[error(transparent)]
    InvalidInstanceId(#[from] InvalidInstanceId),
    /// The key that the call names cannot be one; nothing was sent.
    #[error(transparent)]
    InvalidEntityKey(#[from] InvalidEntityKey),
    /// A size or a number exceeds its limit; nothing was written.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is counted.
        what: String,
        /// The number.
        actual: u64,
        /// The limit.
        limit: u64,
    },
    /// A value has no recorded form.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The function returned its own error, which has no recorded form. Its text is kept.
    #[error("{message}")]
    ErrorNotRecorded {
        /// The text of the error.
        message: String,
        /// The texts of the errors below it, outermost first.
        causes: Vec<String>,
        /// Why it has no recorded form.
        #[source]
        codec: CodecError,
    },
    /// What the orchestrator was started with is not what the code that runs takes. It stalls, unless
    /// [`on_undecodable_input`](crate::worker::RuntimeBuilder::on_undecodable_input) says otherwise.
    #[error("failed to start orchestrator `{orchestrator}`: {report}")]
    InputUnreadable {
        /// The orchestrator's name.
        orchestrator: String,
        /// What the reader says.
        report: String,
    },
    /// An entity could not run the operation; its state did not change.
    #[error("{entity} {problem}")]
    Entity {
        /// The entity.
        entity: EntityId,
        /// The cause.
        problem: EntityProblem,
    },
    /// The call breaks a rule of critical sections; nothing was done.
    #[error("{0}")]
    CriticalSection(SectionRule),
    /// A failure with its causes, outermost first, taken from another error.
    #[error("{message}")]
    Caused {
        /// The outermost message.
        message: String,
        /// The messages below it.
        causes: Vec<String>,
    },
}

impl Failure {
    /// Keeps the messages of `error` and of everything below it.
    pub fn from_error(error: &dyn Error) -> Self {
        Self::Caused {
            message: error.to_string(),
            causes: causes_of(error),
        }
    }
}

fn at(location: Option<&str>) -> String {
    location
        .map(|location| format!(" at {location}"))
        .unwrap_or_default()
}

/// Why an entity could not run an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum EntityProblem {
    /// The stored state does not decode as the type of today's code. It was not changed.
    #[error("has a state that this code cannot read: {report}")]
    StateUnreadable {
        /// The message of the decoder.
        report: String,
    },
    /// Today's code has no such operation.
    #[error("has no operation `{operation}`")]
    UnknownOperation {
        /// The operation that was called.
        operation: String,
    },
    /// The arguments do not decode as those of the operation.
    #[error("cannot run `{operation}` with these arguments: {report}")]
    ArgumentsUnreadable {
        /// The operation that was called.
        operation: String,
        /// The message of the decoder.
        report: String,
    },
    /// The operation waits for something. An operation must run to its end without waiting: it may
    /// await signals and starts, and nothing else.
    #[error(
        "ran `{operation}`, which waits for something: an operation must not wait, so let an orchestrator make calls that take time"
    )]
    Waits {
        /// The operation that was called.
        operation: String,
    },
    /// The operation is read-only, but it signals, starts or deletes.
    #[error("ran `{operation}`, which is `#[read_only]` but signals, starts or deletes")]
    WritesInReading {
        /// The operation that was called.
        operation: String,
    },
}

/// A rule of critical sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum SectionRule {
    /// A section must not contain another.
    #[error(
        "`lock!` in a critical section: lock all entities at once, or drop the parts of the first lock"
    )]
    NestedLock,
    /// A section must not call a sub-orchestration: if that needed an entity that is locked here,
    /// both would wait for ever.
    #[error(
        "sub-orchestration `{name}` in a critical section: call it before or after, or start it detached"
    )]
    SubOrchestration {
        /// The orchestrator's name.
        name: String,
    },
    /// A section must not signal an entity that it has locked: the signal would wait for the end of
    /// the section.
    #[error("signal to {entity}, which is locked here: call it through its part of the lock")]
    SignalToLocked {
        /// The entity.
        entity: EntityId,
    },
    /// A section must not call an entity that it has not locked: another section may hold it.
    #[error("call of {entity} in a critical section that has not locked it: lock it too")]
    CallToUnlocked {
        /// The entity.
        entity: EntityId,
    },
    /// The critical section of the call is over.
    #[error("call of {entity} through a lock that is no longer held")]
    LockLost {
        /// The entity.
        entity: EntityId,
    },
    /// A section must call a locked entity through its part of the lock.
    #[error("call of {entity}, which is locked here: call it through its part of the lock")]
    CallPastLock {
        /// The entity.
        entity: EntityId,
    },
}

/// A time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TimeLimit {
    /// The time limit of one attempt.
    Attempt,
    /// The time limit of the call with all its attempts.
    Total,
    /// The longest time between two heartbeats.
    Heartbeat,
    /// How long an operation of an entity may hold its thread.
    Operation,
}

impl std::fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Attempt => "the attempt's limit",
            Self::Total => "the call's limit",
            Self::Heartbeat => "the limit between heartbeats",
            Self::Operation => "the operation's limit",
        })
    }
}

/// How a call failed, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The function returned its own error.
    Error(RecordedError),
    /// Something else went wrong.
    Failure(Failure),
}

impl CallError {
    /// Returns roughly how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Error(error) => error.value.len() + error.message.len(),
            Self::Failure(failure) => failure.to_string().len(),
        }
    }

    /// Returns what went wrong, in one line.
    pub fn message(&self) -> String {
        match self {
            Self::Error(error) => error.message.clone(),
            Self::Failure(failure) => failure.to_string(),
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// A function's own error as it is recorded: the value, and its messages for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedError {
    /// The error itself.
    pub value: Payload,
    /// What it says.
    pub message: String,
    /// What the errors below it say, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
}

impl RecordedError {
    /// Records `error`.
    ///
    /// # Errors
    /// [`CodecError`] when the error has no recorded form.
    pub fn new<E: Error + Recorded>(error: &E) -> Result<Self, CodecError> {
        let value = error.to_payload()?;
        Ok(Self {
            value,
            message: error.to_string(),
            causes: causes_of(error),
        })
    }
}

/// The result of a call as it is recorded.
pub type CallResult = Result<Payload, CallError>;

/// Returns the messages of the errors below `error`.
pub fn causes_of(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut below = error.source();
    while let Some(cause) = below {
        causes.push(cause.to_string());
        below = cause.source();
    }
    causes
}
