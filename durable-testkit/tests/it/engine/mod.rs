//! The engine, driven step by step on the model store: semantics.md, line by line.

mod activities;
mod composition;
mod deaths;
mod entities;
mod events;
mod faults;
mod instances;
mod management;
mod management_property;
mod recovery;
mod simulated;
mod timers;
