//! What is recorded is what comes back; anything else is refused where it would be recorded.

mod checkpoints;
mod coming_back;
mod entities;
mod errors;
mod heartbeats;
mod refused;
mod values;
