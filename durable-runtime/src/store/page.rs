//! Pages of what workers read again and again.
//!
//! 1. A page goes on behind the last row of the one before, so that a row which nobody can act on
//!    hides none behind it.
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
    /// Its number among those that are due then.
    pub number: i64,
}

impl TimerPlace {
    /// Returns the place before all timers that are due at `due`.
    pub const fn before(due: Timestamp) -> Self {
        let number = i64::MIN;
        Self { due, number }
    }

    /// Returns the place behind all timers that are due at `due`.
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
    /// Behind which place the next page begins; `None` at the end.
    pub next: Option<TimerPlace>,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InboxPage {
    /// The messages.
    pub messages: Vec<InboxMessage>,
    /// Those among them that cannot be read.
    pub unreadable: Vec<UnreadableMessage>,
    /// Behind which message the next page begins; `None` at the end.
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
    /// What it was stored as.
    pub kind: String,
    /// Why it cannot be read.
    pub error: String,
}
