//! The watchdog's report on threads that user code holds.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::ids::EntityId;
use crate::ids::InstanceId;

/// A thread that an orchestrator, an entity or an activity has held for longer than a second without
/// awaiting anything.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldThread {
    /// The function.
    pub function: String,
    /// The instance, or the entity.
    pub instance: String,
    /// The last await that it reached in the source of an orchestrator, if that is known.
    pub place: Option<String>,
    /// How long it has held the thread.
    pub held_for: Duration,
}

/// The threads that user code holds, and how often it has held one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldThreads {
    /// The threads that have been held for longer than a second.
    pub now: Vec<HeldThread>,
    /// How often a thread was held for longer than a second since the runtime started.
    pub so_far: u64,
}

/// Whose code a thread runs.
#[derive(Debug, Clone)]
pub(super) struct Whose {
    pub(super) function: Cow<'static, str>,
    pub(super) of: Of,
}

/// What that code belongs to.
#[derive(Debug, Clone)]
pub(super) enum Of {
    Instance(InstanceId),
    Entity(EntityId),
    /// Values that are dropped.
    Values,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(id) => id.fmt(f),
            Self::Entity(id) => id.fmt(f),
            Self::Values => f.write_str("values that are dropped"),
        }
    }
}
