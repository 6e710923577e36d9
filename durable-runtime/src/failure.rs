//! Failures that are not the user's own: timed out, cancelled, panicked, lost.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// Why a call failed, when it was not the called function that said so.
///
/// A function's error type takes it by `From<Failure>`, so that one `match` sees everything:
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
    /// It took longer than it may.
    #[error("timed out: {limit} of {after:?} passed")]
    TimedOut {
        /// Which limit.
        limit: TimeLimit,
        /// How long the limit is.
        after: Duration,
    },
    /// It was cancelled before it had a result.
    #[error("cancelled")]
    Cancelled,
    /// The function panicked.
    #[error("panicked: {message}{}", at(location.as_deref()))]
    Panicked {
        /// What the panic said.
        message: String,
        /// Where it was raised, `file:line:column`.
        location: Option<String>,
    },
    /// The worker died again and again while it ran this.
    #[error("the worker was lost in {attempts} attempts in a row")]
    WorkerLost {
        /// How many attempts were lost.
        attempts: u32,
    },
    /// The sub-orchestration was terminated.
    #[error("terminated: {reason}")]
    Terminated {
        /// What whoever terminated it gave as the reason.
        reason: String,
    },
    /// The id asked for belongs to another instance.
    #[error("instance `{instance}` already exists")]
    AlreadyExists {
        /// That id.
        instance: InstanceId,
    },
    /// A limit on sizes or numbers was passed; nothing was written.
    #[error("{what} is {actual}, above the limit of {limit}")]
    LimitExceeded {
        /// What is limited.
        what: String,
        /// How much there was.
        actual: u64,
        /// How much there may be.
        limit: u64,
    },
    /// A value has no recorded form.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The function returned an error of its own that has no recorded form. What it said is kept.
    #[error("{message}")]
    ErrorNotRecorded {
        /// What the error says.
        message: String,
        /// What the errors below it say, outermost first.
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
    /// An entity could not run the operation; its state is as it was.
    #[error("{entity} {problem}")]
    Entity {
        /// The entity.
        entity: EntityId,
        /// Why not.
        problem: EntityProblem,
    },
    /// What was asked breaks a rule of critical sections; nothing was done.
    #[error("{0}")]
    CriticalSection(SectionRule),
    /// A failure with its causes, outermost first, the way another error told it.
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
    /// Its stored state is not one that the code which runs now reads. It was left untouched.
    #[error("has a state that this code does not read: {report}")]
    StateUnreadable {
        /// What the reader says.
        report: String,
    },
    /// The code that runs now has no such operation.
    #[error("has no operation `{operation}`")]
    UnknownOperation {
        /// The operation that was called.
        operation: String,
    },
    /// The arguments are not those of the operation.
    #[error("cannot run `{operation}` with these arguments: {report}")]
    ArgumentsUnreadable {
        /// The operation that was called.
        operation: String,
        /// What the reader says.
        report: String,
    },
    /// The operation waits for something. An entity's operation runs through: it may await signals
    /// and starts, and nothing else.
    #[error(
        "ran `{operation}`, which awaits something: an operation runs through, so call what takes time from an orchestrator"
    )]
    Waits {
        /// The operation that was called.
        operation: String,
    },
    /// The operation only reads, and yet it signals, starts or deletes.
    #[error("ran `{operation}`, which is `#[read_only]` and yet signals, starts or deletes")]
    WritesInReading {
        /// The operation that was called.
        operation: String,
    },
}

/// A rule of critical sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum SectionRule {
    /// One critical section at a time.
    #[error(
        "`lock!` in a critical section: lock all entities at once, or drop the parts of the first lock"
    )]
    NestedLock,
    /// No sub-orchestration: it might want what is locked here, and both would wait for ever.
    #[error(
        "sub-orchestration `{name}` in a critical section: call it before or after, or start it detached"
    )]
    SubOrchestration {
        /// The orchestrator's name.
        name: String,
    },
    /// No signal to an entity that is locked here: it would wait for the end of the section.
    #[error("signal to {entity}, which is locked here: call it through its part of the lock")]
    SignalToLocked {
        /// The entity.
        entity: EntityId,
    },
    /// No call to an entity that is not locked here: another section may hold it.
    #[error("call of {entity} in a critical section that has not locked it: lock it too")]
    CallToUnlocked {
        /// The entity.
        entity: EntityId,
    },
    /// The critical section to which the call belonged is over.
    #[error("call of {entity} through a lock that is not held any more")]
    LockLost {
        /// The entity.
        entity: EntityId,
    },
    /// Calls to an entity that is locked here go through its part of the lock.
    #[error("call of {entity}, which is locked here: call it through its part of the lock")]
    CallPastLock {
        /// The entity.
        entity: EntityId,
    },
}

/// Which limit on time was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TimeLimit {
    /// The limit of one attempt.
    Attempt,
    /// The limit of the call with all its attempts.
    Total,
    /// The longest silence between two heartbeats.
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
    /// What went wrong, in one line.
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

/// The messages of the errors below `error`.
pub fn causes_of(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut below = error.source();
    while let Some(cause) = below {
        causes.push(cause.to_string());
        below = cause.source();
    }
    causes
}
