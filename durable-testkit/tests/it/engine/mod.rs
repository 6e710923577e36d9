//! The engine, driven step by step on the model store: semantics.md, line by line.

mod activities;
mod clocks;
mod composition;
mod deaths;
mod entities;
mod events;
mod faults;
mod identity;
mod instances;
mod management;
mod management_property;
mod many_timers;
mod recorded;
mod recovery;
mod room;
mod simulated;
mod stopping;
mod timers;
