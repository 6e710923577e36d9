//! Durable orchestrations for Rust.

// Generated code names this crate as its users do, also in this crate's own tests.
#[cfg_attr(
    not(test),
    expect(unused_extern_crates, reason = "the tests of this crate use it")
)]
extern crate self as durable_runtime;

#[doc(hidden)]
pub mod __private;
pub mod activity;
pub mod callable;
pub mod client;
pub mod clock;
pub mod definition;
pub mod failure;
pub mod history;
pub mod ids;
pub mod machine;
pub mod orchestration;
pub mod panics;
pub mod payload;
pub mod prelude;
pub mod registry;
pub mod retry;
pub mod store;
pub mod work;

pub use clock::Timestamp;
pub use failure::Failure;
pub use ids::InstanceId;
pub use ids::InvalidInstanceId;
pub use payload::Payload;
pub use retry::RetryPolicy;
