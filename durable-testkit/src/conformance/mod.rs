//! What every [`Store`](durable_runtime::store::Store) has to do, as tests.
//!
//! One function for each behaviour; [`conformance!`](crate::conformance!) makes a test of each for
//! a store. The model store is the specification, so a case that fails there is wrong itself.
//!
//! ```
//! # use std::sync::Arc;
//! use durable_runtime::store::ModelStore;
//! use durable_testkit::conformance::Subject;
//!
//! async fn fresh() -> Subject {
//!     Subject::new(Arc::new(ModelStore::new()))
//! }
//! durable_testkit::conformance!(model, fresh);
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a case fails by panicking"
)]

pub mod children;
pub mod closing;
pub mod commit;
pub mod creation;
pub mod entities;
pub mod fence;
pub mod history;
pub mod inbox;
pub mod listing;
pub mod loading;
pub mod ownership;
pub mod purging;
pub mod replacement;
mod scene;
pub mod showing;
pub mod signals;
mod subject;
mod suite;
pub mod timers;

pub use subject::Subject;
