//! A runtime with its clients, as users have them: on a `SQLite` file.

mod blocked_caller;
mod deadly;
mod deaths;
mod elsewhere;
mod ending;
mod file;
mod functions;
mod held;
mod hub;
mod own_client;
mod own_tables;
mod perturb;
mod results;
mod rolled_back;
mod starting;
mod status;
mod undecodable;
mod unreadable_messages;
mod untyped;
