//! The integration tests, in one binary.

mod architecture;
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod fuzzing;
#[cfg(feature = "http")]
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod http;
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod lock_files;
#[expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
#[expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes its snapshots with them"
)]
mod machine;
mod payloads;
mod registry;
#[cfg(feature = "sqlite")]
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod runtime;
#[cfg(feature = "sqlite")]
mod store_opening;
mod stored_format;
mod times;
