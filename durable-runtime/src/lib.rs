//! Durable orchestrations for Rust.

pub mod clock;
pub mod definition;
pub mod failure;
pub mod history;
pub mod ids;
pub mod machine;
pub mod panics;
pub mod payload;
pub mod retry;
pub mod store;
pub mod work;

pub use clock::Timestamp;
pub use failure::Failure;
pub use ids::InstanceId;
pub use ids::InvalidInstanceId;
pub use payload::Payload;
pub use retry::RetryPolicy;
