//! The pure core: history and messages in, outcome out. No I/O, no clock, no threads, no SQL.
//!
//! A [`Continuation`] is a suspended orchestration: the user's future and the table of its calls. A
//! replay of a history makes it, and turns move it on. User code inside the future reaches the
//! machine through [`Cursor::current`], which is set while the future is polled.
//!
//! 1. A message completes at most one call; then the future is polled until it is quiet. Its
//!    decisions up to then belong to that message: one *round*.
//! 2. In a replay a round must come to exactly the recorded decisions: the same calls by path,
//!    kind, name and input, the same cancellations as a set.
//! 3. A round that panics, stalls or differs leaves nothing behind but that fact.
//! 4. Nothing here has an effect outside: an [`Outcome`](crate::work::Outcome) says what to write,
//!    and what may begin after that.

mod branch;
mod call;
mod calls;
mod cancellation;
mod checkpoint;
mod config;
mod continuation;
mod cursor;
mod delivery;
mod effects;
mod ending;
pub mod entity;
mod entity_calls;
mod external_events;
mod last_await;
mod live;
mod nondeterminism;
mod open;
mod outside;
mod replay;
mod script;
mod section;
mod state;
mod suspension;
mod turn;
mod twin;
mod wakes;

pub use branch::Branch;
pub use branch::Shielded;
pub use branch::awaits;
pub use branch::branch;
pub use branch::shielded;
pub use call::CallRequest;
pub use call::RawCall;
pub use call::Reencode;
pub use cancellation::Cancellation;
pub use checkpoint::SavedValue;
pub use config::Archive;
pub use config::Config;
pub use config::Undecodable;
pub use continuation::BodyEnd;
pub use continuation::Continuation;
pub use continuation::StartFn;
pub use cursor::Cursor;
pub use last_await::LastAwait;
pub use nondeterminism::Against;
pub use nondeterminism::Difference;
pub use nondeterminism::Nondeterminism;
pub use open::unread_events;
pub use outside::OutsideReport;
pub use outside::OutsideReports;
pub use replay::ReplayError;
pub use replay::replay;
pub use replay::resume;
pub use section::Section;
pub use turn::Position;
pub use turn::turn;
