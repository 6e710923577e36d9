//! `async` blocks of a body as branches.

use std::future::Future;
use std::pin::Pin;

use crate::machine;
use crate::machine::Branch;

/// Returns what an `async` block in a body becomes: a branch of its own, boxed so that it is
/// [`Unpin`].
pub fn branch<F: Future>(block: F) -> Branch<Pin<Box<F>>> {
    machine::branch(Box::pin(block))
}

/// [`branch`] of a block whose type is written, as that of `async |x| -> T { … }` is.
pub fn branch_of<T, F: Future<Output = T>>(block: F) -> Branch<Pin<Box<F>>> {
    branch(block)
}
