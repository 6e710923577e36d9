//! Orchestrators from random seeds, each twice: with checkpoints and without.
//!
//! Not published. The build script writes the programs; [`check`] runs one and compares.

#[allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated programs are as they come"
)]
mod generated {
    use super::world::Program;
    use super::world::program;

    include!(concat!(env!("OUT_DIR"), "/programs.rs"));
}

mod check;
mod play;
pub mod world;

pub use check::Checked;
pub use check::check;
pub use check::check_both;
pub use generated::PROGRAMS;
pub use play::Subject;
