//! Edits of orchestrators: what the comparison with the lock file says of each, and what becomes of
//! instances that run through the old code and go on with the new.
//!
//! An edit that is called breaking parks an instance somewhere; one that is called safe, or that the
//! shape does not show, parks none, wherever the deploy catches it.

mod breaking;
mod harmless;
mod harness;
mod shop;

mod patched;
