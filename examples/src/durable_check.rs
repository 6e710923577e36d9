//! Checks whether running instances of these examples survive today's code.
//!
//! `examples/durable.lock` holds the shape of every orchestrator. The program `durable_check`
//! consists of the three lines that your own project needs; see the chapter `changing_code` of
//! `durable-runtime`.

pub use crate::registry::registry;
