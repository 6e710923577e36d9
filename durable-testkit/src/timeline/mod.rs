//! What an instance did, turn by turn: what came in, what was decided, and what it then waited for.
//!
//! A [`Timeline`] is built from what its hub wrote. It prints as text for snapshots, as a Mermaid
//! sequence diagram, and as an HTML page. Two timelines can be compared up to the first difference.

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
