//! Testing tools for `durable-runtime`.
//!
//! - [`VirtualClock`]: time that moves when the test says so.
//! - [`Pump`]: the engine's own dispatcher, driven step by step from one thread.
//! - [`FaultyStore`]: a store that fails where the test says so, before or after it did its work.
//! - [`mod@conformance`]: the contract of a store as a test suite, one line for a new store.

pub mod conformance;

mod faults;
mod pump;
mod virtual_clock;

pub use faults::Fault;
pub use faults::FaultyStore;
pub use pump::Pump;
pub use pump::PumpBuilder;
pub use virtual_clock::VirtualClock;
