//! The integration tests, in one binary.

mod engine;
mod store_conformance;
#[cfg(feature = "sqlite")]
mod store_differential;
