//! What stands in place of [`durable`](super::durable) and [`arm`](super::arm) where the macro has
//! reported a mistake, so that the compiler does not report it as well.

use std::future::Future;
use std::pin::Pin;

use super::branch;
use crate::definition::Site;
use crate::machine::Branch;

/// `future`, whatever it is.
pub fn durable<F>(future: F, _sites: &'static [Site], _number: usize) -> F {
    future
}

/// An arm of whatever future.
pub fn arm<F: Future>(future: F) -> Branch<Pin<Box<F>>> {
    branch(future)
}
