//! The pure core: history and messages in, outcome out. No I/O, no clock, no threads, no SQL.
//!
//! A [`Continuation`] is a suspended orchestration: the user's future and the table of its calls. A
//! replay of a history makes it, and turns move it on. User code inside the future reaches the
//! machine through [`Cursor::current`], which is set while the future is polled.
//!
//! # The protocol of a turn
//!
//! A turn takes the messages of one instance that are at hand, in their order, and comes to one row of
//! its history. Each rule below closes a race or a gap that its second sentence names.
//!
//! ## Rounds
//!
//! 1. A message completes at most one call; then the future is polled until it is quiet. Its decisions
//!    up to then belong to that message: one *round*. With two completions before one poll, a `select!`
//!    would see both and choose by its order, while a replay that is given them one by one would not.
//! 2. A poll is followed by another one as long as the code has woken itself during it. `join_all`
//!    over many calls polls only those that were woken, and would wait for ever otherwise. How often is
//!    bounded: code that spins stalls instead of holding its thread.
//! 3. In a replay a round must come to exactly the recorded decisions: the same calls by path, kind,
//!    name and input, the same cancellations as a set. Matching by position or name alone hands the
//!    result of one call to another after an edit. Drops have no order of their own, since the order
//!    in which locals are dropped is the compiler's.
//! 4. A round that panics, stalls or differs leaves nothing behind but that fact: what it decided is
//!    a *draft* until it is quiet. Otherwise an activity would run for a decision that no replay makes
//!    again. What was recorded before the round and ended in it still ends.
//!
//! ## Wakes
//!
//! 5. Only the machine wakes an execution, while it delivers a message, and the execution itself while
//!    it is polled. Any other wake comes from something that a crash forgets; the instance stalls at
//!    once and names the await, rather than going on to a decision that no replay can repeat.
//! 6. A call does something when it is dropped only while its own execution is being polled and does
//!    not unwind. An eviction, a shutdown or a lost fence drops the same futures, and must cancel
//!    nothing.
//!
//! ## Messages
//!
//! 7. A message is *consumed* (deleted by its id, with the commit), *parked* (it stays in the store and
//!    is not read again until something makes it readable) or left as it is. There is no fourth way, and
//!    none of them is decided by a predicate: messages that were sent meanwhile are not touched.
//! 8. An instance that is suspended or stalled parks what comes in, except what ends, suspends or
//!    resumes it. One bad instance would otherwise fill each page of every look at the inbox.
//! 9. A message that only this process has (the end of an attempt, a timer that has fired) is stored
//!    when it is parked. The worker may be gone before the instance goes on.
//! 10. What asks for the end is taken in its order among the other messages: an event that was raised
//!     before a termination is in the history, one after it is left unread.
//! 11. An event goes to the oldest wait of its name. A wait that is dropped before its code has read the
//!     event gives it back to its place, or a race between a deadline and an event would lose the event.
//!
//! ## Outcome
//!
//! 12. Nothing here has an effect outside: an [`Outcome`](crate::work::Outcome) says what to write, and
//!     what may begin after that. If the commit fails, the continuation is dropped, since it has seen
//!     what did not happen; the instance is loaded again.

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
