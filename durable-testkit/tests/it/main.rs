//! The integration tests, in one binary.

mod engine;
mod store_conformance;
mod store_differential;
