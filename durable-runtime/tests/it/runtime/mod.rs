//! A runtime with its clients, as users have them: on a `SQLite` file.

mod deadly;
mod deaths;
mod elsewhere;
mod ending;
mod functions;
mod hub;
mod own_tables;
mod perturb;
mod results;
mod starting;
mod status;
