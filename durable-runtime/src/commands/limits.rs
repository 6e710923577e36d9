//! The limits on sizes and numbers; each can be configured.

use serde::Deserialize;
use serde::Serialize;

/// The limits on sizes and numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// The largest payload, in bytes.
    pub payload_bytes: usize,
    /// How many bytes of messages a turn takes before it takes no further message.
    pub turn_message_bytes: usize,
    /// How many bytes a poll may record; if it records more, its instance fails.
    pub poll_bytes: usize,
    /// How many calls of one instance may be open.
    pub open_calls: usize,
    /// How deep sub-orchestrations may be nested.
    pub depth: u32,
    /// The largest custom status, in bytes.
    pub custom_status_bytes: usize,
    /// How many tags an instance may have.
    pub tags: usize,
    /// The longest event name, in characters.
    pub event_name: usize,
    /// The longest key of an entity, in characters.
    pub entity_key: usize,
    /// How many unread events an instance may have. A further raise is refused.
    pub unread_events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 1 << 20,
            turn_message_bytes: 4 << 20,
            poll_bytes: 16 << 20,
            open_calls: 10_000,
            depth: 32,
            custom_status_bytes: 16 << 10,
            tags: 32,
            event_name: 128,
            entity_key: 256,
            unread_events: 10_000,
        }
    }
}
