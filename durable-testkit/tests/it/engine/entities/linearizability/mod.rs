//! Entities are linearizable: whatever order concurrent clients see, it is one in which each
//! operation has its effect at one moment between its call and its answer, also while the hub
//! restarts (semantics.md N2, N3, N4; design.md §6.1 and §6.5).

mod checker;
mod clients;
mod known_histories;
mod objects;
mod reference;
mod running;
mod stepped;
