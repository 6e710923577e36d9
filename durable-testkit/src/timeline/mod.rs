//! What an instance did, turn by turn: what came in, what was decided, what it waits for since.
//!
//! A [`Timeline`] is made of what its hub wrote. It renders as text for snapshots, as a sequence
//! diagram in Mermaid, and as an HTML page; two of them are compared up to the first difference.

mod build;
mod difference;
mod html;
mod line;
mod mermaid;
mod text;
mod turn;
mod waits;

pub use difference::TimelineDifference;
pub(crate) use line::history_text;
pub use turn::Timeline;
pub use turn::TimelinePoint;
pub use turn::TimelineTurn;
pub(crate) use waits::OpenWaits;
pub use waits::Wait;
