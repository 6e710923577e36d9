//! The engine, driven step by step on the model store: semantics.md, line by line.

mod activities;
mod composition;
mod entities;
mod events;
mod faults;
mod identity;
mod instances;
mod management;
mod management_property;
mod recorded;
mod recovery;
mod simulated;
mod timers;
