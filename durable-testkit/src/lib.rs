//! Testing tools for `durable-runtime`.
//!
//! - [`TestHub`]: the engine with mocks, time that the test moves, and a past that can be forked.
//! - [`Timeline`]: what an instance did, turn by turn, as text, diagram or page.
//! - [`TestHub::crash_everywhere`]: one run for each place where a crash leaves something different
//!   behind.
//! - [`TestHub::explore`]: every order in which results, times and events can arrive.
//! - [`replay_check`]: checks whether today's code fits yesterday's histories.
//! - [`VirtualClock`]: time that moves when the test says so.
//! - [`Pump`]: the engine's own dispatcher, driven step by step from one thread.
//! - [`FaultyStore`]: a store that fails when the test says so, before or after it did its work.
//! - [`mod@conformance`]: the contract of a store as a test suite; one line tests a new store.
//!
#![doc = include_str!("../docs/testing.md")]

pub mod conformance;

mod assertions;
mod crash_everywhere;
mod explore;
mod faults;
mod hub;
mod lock;
pub mod prelude;
mod pump;
mod random;
mod replay_check;
mod salts;
mod timeline;
mod virtual_clock;

pub use crash_everywhere::CrashEverywhere;
pub use crash_everywhere::CrashReport;
pub use expect_test::expect;
pub use explore::Explore;
pub use explore::ExploreReport;
pub use explore::Scenario;
pub use faults::Fault;
pub use faults::FaultyStore;
pub use hub::CalledBy;
pub use hub::Calls;
pub use hub::PersistencePoint;
pub use hub::TestHub;
pub use hub::TestInstance;
pub use hub::TestStart;
pub use hub::Unmocked;
pub use pump::Pump;
pub use pump::PumpBuilder;
pub use replay_check::ReplayCheckError;
pub use replay_check::SavedHistory;
pub use replay_check::replay_check;
pub use replay_check::replay_check_folder;
pub use replay_check::replay_check_instances;
pub use salts::CountedSalts;
pub use timeline::Timeline;
pub use timeline::TimelineDifference;
pub use timeline::TimelinePoint;
pub use timeline::TimelineTurn;
pub use timeline::Wait;
pub use virtual_clock::VirtualClock;
