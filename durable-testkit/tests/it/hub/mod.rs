//! `TestHub`: mocks, time, crashes and the past.

mod copies_of_secrets;
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
mod redaction_by_type;
mod secret_keys;
mod time;
mod untyped;
