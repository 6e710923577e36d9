//! Pages of the rows that workers read again and again.
//!
//! 1. A page begins after the last row of the previous one, so that a row which nobody can process
//!    hides no row behind it.
//! 2. A page that ends before its limit is the last one.

use serde::Deserialize;
use serde::Serialize;

use super::InboxMessage;
use crate::clock::Timestamp;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::work::Timer;

/// A place in the order of timers: by due time, then in the order in which they were created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimerPlace {
    /// When the timer there is due.
    pub due: Timestamp,
    /// Its number among the timers that are due at that time.
    pub number: i64,
}

impl TimerPlace {
    /// Returns the place before all timers that are due at `due`.
    pub const fn before(due: Timestamp) -> Self {
        let number = i64::MIN;
        Self { due, number }
    }

    /// Returns the place after all timers that are due at `due`.
    pub const fn behind(due: Timestamp) -> Self {
        let number = i64::MAX;
        Self { due, number }
    }
}

/// A page of timers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimerPage {
    /// The timers, with the units of their instances.
    pub timers: Vec<(Unit, Timer)>,
    /// The place after which the next page begins; `None` at the end.
    pub next: Option<TimerPlace>,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboxPage {
    /// The messages.
    pub messages: Vec<InboxMessage>,
    /// The messages among them that cannot be read.
    pub unreadable: Vec<UnreadableMessage>,
    /// The message after which the next page begins; `None` at the end.
    pub next: Option<MessageId>,
}

/// A message that cannot be read: damaged, or written by a version that this one does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableMessage {
    /// The receiver.
    pub key: InstanceKey,
    /// Its unit.
    pub unit: Unit,
    /// The message.
    pub id: MessageId,
    /// The kind under which it was stored.
    pub kind: String,
    /// Why it cannot be read.
    pub error: String,
}
