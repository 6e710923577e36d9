//! Whether running instances of these examples can go on with today's code.
//!
//! `examples/durable.lock` holds the shape of every orchestrator. The program `durable_check` is the
//! three lines that a project of one's own needs; see the chapter `changing_code` of
//! `durable-runtime`.

pub use crate::registry::registry;
