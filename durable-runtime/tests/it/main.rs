//! The integration tests, in one binary.

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
