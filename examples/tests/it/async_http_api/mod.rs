//! `async_http_api`.

mod curl;
mod desk;
mod durable_functions;
#[cfg(target_os = "linux")]
mod full_disk;
mod running;
mod service;
