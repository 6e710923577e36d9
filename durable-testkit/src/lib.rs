//! Testing tools for durable-runtime.

pub mod conformance;
