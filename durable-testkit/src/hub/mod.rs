//! The hub of a test: the real dispatcher and machine over a store, with a clock that the test
//! moves, on one thread.
//!
//! It differs from a real hub in three ways: activities go through a gate (and to their mocks), the
//! store remembers what was written, and time stands still. Therefore the seed decides the order in
//! which results arrive, the past can be forked, and a crash can be planned.
//!
//! 1. Nothing happens unless somebody awaits a method of the hub or of its instances.
//! 2. Time moves only when everything is done that can be done at the present time.
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
