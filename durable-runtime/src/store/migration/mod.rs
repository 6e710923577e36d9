//! The schema, step by step.
//!
//! One file for each migration, in order; a migration is a list of steps of one statement each,
//! because not every database rolls a change of the schema back. What was taken is kept in the
//! table `migration`. Migrations only go forward, and are never edited after a release.

mod m01_hub;
mod m02_lane;
mod m03_worker;
mod m04_instance;
mod m05_history;
mod m06_inbox;
mod m07_timer;
mod m08_command;
mod m09_heartbeat;
mod m10_readable_history;
mod m11_checkpoint;
mod m12_entity;
mod m13_answer;
mod m14_parents;
mod m15_tag;
mod m16_listing;
mod runner;

pub(super) use runner::is_up_to_date;
pub(super) use runner::migrate;
