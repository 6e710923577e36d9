//! The writes of a turn's commit, in the store's words.

use serde::Deserialize;
use serde::Serialize;

use super::Answer;
use super::EntityUpdate;
use super::InstanceStatus;
use super::MessageBody;
use super::NewInstance;
use super::Output;
use crate::clock::Timestamp;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::payload::Payload;
use crate::payload::optional;

/// Everything that one turn of one instance writes. The store writes all of it or nothing.
///
/// A simple step of a chain is one history row and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnWrite {
    /// The instance whose turn it was.
    pub key: InstanceKey,
    /// Its unit.
    pub unit: Unit,
    /// The history row, if anything was recorded.
    pub history: Option<HistoryRow>,
    /// History rows to delete: those before a checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_gone: Option<HistoryGone>,
    /// Messages that the turn took: deleted from the inbox by their ids.
    pub consumed: Vec<MessageId>,
    /// The delayed signals among `consumed` that were run. If one was withdrawn meanwhile, nothing
    /// is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delayed: Vec<MessageId>,
    /// Messages that wait for something else to happen first (the start, a cure of the stall, or
    /// for ever if the instance has ended). They are kept, and polling no longer fetches them.
    pub parked: Vec<MessageId>,
    /// Whether polling fetches the parked messages of this instance again, except those in
    /// `parked`.
    pub unpark: bool,
    /// Changes of the instance's row. A turn that takes a request ([`MessageBody::is_wish`]) has
    /// one, so that the visible row is computed again.
    pub update: Option<InstanceUpdate>,
    /// How many events the execution has taken and not read, if the turn has read some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<u64>,
    /// Timers to create.
    pub timers: Vec<Timer>,
    /// Timers to delete. If one does not exist, that is no error.
    pub timers_gone: Vec<TimerId>,
    /// Messages to instances.
    pub sends: Vec<OutgoingMessage>,
    /// Sub-orchestrations to create, with the calls that ask for them. If an id is taken, the
    /// caller gets `ChildFailed` with `AlreadyExists` instead.
    pub starts: Vec<NewInstance>,
    /// The progress of running activities.
    pub heartbeats: Vec<Heartbeat>,
    /// Starts the instance again under its old key and id, as the next execution: status `Pending`,
    /// with a `Start` message or start timer as in a creation. It is applied after everything else.
    pub replacement: Option<Box<NewInstance>>,
    /// Changes of an entity's row, if it was an entity's turn.
    pub entity: Option<Box<EntityUpdate>>,
    /// Answers to clients that called an entity.
    pub answers: Vec<Answer>,
}

impl TurnWrite {
    /// Creates a write that changes nothing yet.
    pub fn new(key: InstanceKey, unit: Unit) -> Self {
        Self {
            key,
            unit,
            history: None,
            history_gone: None,
            consumed: Vec::new(),
            delayed: Vec::new(),
            parked: Vec::new(),
            unpark: false,
            update: None,
            unread: None,
            timers: Vec::new(),
            timers_gone: Vec::new(),
            sends: Vec::new(),
            starts: Vec::new(),
            heartbeats: Vec::new(),
            replacement: None,
            entity: None,
            answers: Vec::new(),
        }
    }

    /// Returns whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        // By comparison, so that a field that is added later is not forgotten here.
        *self == Self::new(self.key, self.unit)
    }
}

/// One row of history: one turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryRow {
    /// The execution.
    pub execution: Execution,
    /// The number of the turn in it, from 1.
    pub turn: u64,
    /// The stored format.
    pub format: u32,
    /// When the turn was made.
    pub at: Timestamp,
    /// The events as a JSON array.
    pub events: String,
}

/// A range of history rows to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryGone {
    /// The execution.
    pub execution: Execution,
    /// The first turn that stays.
    pub before: u64,
}

/// The columns of an instance's row that a turn writes; all of them are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceUpdate {
    /// The instance's status.
    pub status: InstanceStatus,
    /// The current execution.
    pub execution: Execution,
    /// The new input, if the execution's input changes (continue-as-new).
    pub input: Option<Option<Payload>>,
    /// How it ended.
    pub output: Option<Output>,
    /// The custom status.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional")]
    pub custom_status: Option<Payload>,
    /// Why it is stalled.
    pub stalled: Option<String>,
    /// Whether a worker that takes the instance over must load it at once.
    pub load_at_start: bool,
    /// The turn of its execution with the last checkpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<u64>,
}

/// The purpose of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TimerKind {
    /// The start of the instance; its path is the root.
    Start,
    /// A durable timer of the orchestrator.
    Sleep,
    /// The next attempt of an activity.
    Retry,
    /// The end of a call's time limit.
    Deadline,
    /// The end of the grace period of a cancelled instance; its path is the root.
    Grace,
    /// A delayed signal to an entity; its path is made from its due time.
    Signal,
}

impl TimerId {
    /// Returns the timer that wakes an entity for the delayed signals that are due at `due`.
    pub fn of_signal(key: InstanceKey, due: Timestamp) -> Self {
        let millis = due.as_millis();
        // All 64 bits in two numbers of a path: one timer for each due time, whoever sets it.
        let part = |shift: u32| u32::try_from((millis >> shift) & 0xffff_ffff).unwrap_or(0);
        Self {
            key,
            execution: Execution::FIRST,
            path: CallPath::root().child(part(32)).child(part(0)),
            kind: TimerKind::Signal,
        }
    }
}

/// The identity of a timer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimerId {
    /// The instance.
    pub key: InstanceKey,
    /// The execution that set it.
    pub execution: Execution,
    /// The call.
    pub path: CallPath,
    /// Its purpose.
    pub kind: TimerKind,
}

/// A timer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its identity.
    pub id: TimerId,
    /// When it is due.
    pub due: Timestamp,
}

/// A message to an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutgoingMessage {
    /// The receiver. If it no longer exists, the message is dropped; that is no error.
    pub to: Address,
    /// The content.
    pub body: MessageBody,
    /// Whether it is parked at once.
    pub parked: bool,
    /// The due time of a delayed signal to an entity: the message is parked until a timer of the
    /// entity, which is set with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
}

impl OutgoingMessage {
    /// Creates a message to be read at once.
    pub fn new(to: Address, body: MessageBody) -> Self {
        Self {
            to,
            body,
            parked: false,
            due: None,
        }
    }

    /// Returns a message that is kept for later.
    pub fn parked(to: Address, body: MessageBody) -> Self {
        Self {
            parked: true,
            ..Self::new(to, body)
        }
    }
}

/// A receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    /// By key.
    Key(InstanceKey),
    /// By id.
    Id(InstanceId),
    /// An entity, which is created if there is none.
    Entity(EntityId),
}

/// The progress of a running activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The execution that called.
    pub execution: Execution,
    /// The call.
    pub path: CallPath,
    /// What it reported.
    pub progress: Payload,
}
