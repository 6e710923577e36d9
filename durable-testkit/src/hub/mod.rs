//! The hub of a test: the real dispatcher and machine over a store, with a clock that the test
//! moves, on one thread.
//!
//! What the dispatcher sees is real but for three things: activities go through a gate (and to mocks
//! where there are some), the store remembers what was written, and time stands still. So the order
//! in which results arrive follows from the seed, the past can be forked, and a crash can be planned.
//!
//! 1. Nothing happens unless somebody awaits something of the hub.
//! 2. Time moves only when everything that can be done at this time is done.
//! 3. The same seed gives the same run.

mod attempts;
mod calls;
mod engine;
mod functions;
mod instance;
mod points;
mod recording;
mod seed;
mod start;
mod test_hub;

pub(crate) use attempts::CallRecord;
pub use calls::Calls;
pub use functions::Unmocked;
pub use instance::TestInstance;
pub use points::PersistencePoint;
pub(crate) use recording::Operation;
pub(crate) use recording::Written;
pub use start::TestStart;
pub use test_hub::CalledBy;
pub use test_hub::TestHub;
