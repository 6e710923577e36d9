//! The history of one execution: what came in, and what the orchestrator decided.
//!
//! The dispatcher writes it, one row for each turn; the [machine](crate::machine) reads it.
//!
//! 1. Events are only appended, whole turns at a time; turn numbers start at 1 and have no gaps.
//! 2. The first event is `ExecutionStarted`; nothing follows a terminal event.
//! 3. A completion follows the event that scheduled it.
//! 4. A decision belongs to the last incoming event before it.
//! 5. A checkpoint may stand where nothing is open; a history can begin with the turn that has one.

mod cancellable;
mod checkpoint;
mod event;
mod record;

pub use cancellable::Cancellable;
pub use checkpoint::Checkpoint;
pub use event::ExternalEvent;
pub use event::HistoryEvent;
pub use event::ParentLink;
pub use record::FORMAT;
pub use record::History;
pub use record::HistoryError;
pub use record::TurnRecord;
