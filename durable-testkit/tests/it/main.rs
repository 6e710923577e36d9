//! The integration tests, in one binary.

#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod engine;
mod hub;
mod random;
#[expect(
    clippy::unwrap_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod runtime_checks;
#[expect(
    clippy::expect_used,
    reason = "clippy knows the tests themselves, not the functions they are made of"
)]
mod simulation;
mod store_conformance;
#[cfg(feature = "sqlite")]
mod store_differential;
#[cfg(feature = "sqlite")]
mod store_plans;
