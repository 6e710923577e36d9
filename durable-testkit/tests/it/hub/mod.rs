//! `TestHub`: mocks, time, crashes and the past.

mod crashes;
mod entity_mocks;
mod failing;
mod functions;
mod histories;
mod mocks;
mod order;
mod orders_of_arrival;
mod past;
mod preludes;
mod redaction;
mod time;
mod untyped;
