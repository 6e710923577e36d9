//! Edits of orchestrators: what the comparison with the lock file says of each, and what becomes of
//! instances that run through the old code and go on with the new.
//!
//! An edit that is called breaking parks an instance somewhere; one that is called safe, or that the
//! shape does not show, parks none, wherever the deploy catches it.

#[expect(
    clippy::allow_attributes,
    reason = "not every version has something that is allowed"
)]
mod breaking;
#[expect(
    clippy::allow_attributes,
    reason = "not every version has something that is allowed"
)]
mod harmless;
mod harness;
mod shop;

mod patched;
