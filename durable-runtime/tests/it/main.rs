//! The integration tests, in one binary.

mod architecture;
#[cfg(feature = "sqlite")]
mod store_opening;
mod stored_format;
