//! `async_http_api`.

mod curl;
mod desk;
mod durable_functions;
mod running;
mod service;
