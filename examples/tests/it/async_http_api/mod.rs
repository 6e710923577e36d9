//! `async_http_api`.

mod curl;
mod desk;
mod running;
mod service;
