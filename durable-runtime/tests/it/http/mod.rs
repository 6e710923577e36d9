//! The async HTTP API, as the table in `docs/http.md` has it: through the router, without a network.

mod access;
mod clock;
mod commands;
mod counting_store;
mod crowded;
mod entities;
mod functions;
mod hostile;
mod late_commands;
mod lateness;
mod listing;
mod managing;
mod mistakes;
mod openapi;
mod own_handlers;
#[cfg(feature = "schemars")]
mod payload_schemas;
mod raising;
#[cfg(feature = "http-client")]
mod remote;
#[cfg(feature = "schemars")]
mod schemathesis;
mod server;
mod serving;
mod shutdown;
mod starting;
mod status;
mod watching;
