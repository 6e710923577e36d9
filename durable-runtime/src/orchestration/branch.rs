//! `async` blocks of a body as branches.

use std::future::Future;
use std::pin::Pin;

use crate::machine;
use crate::machine::Branch;

/// Makes a branch of its own from an `async` block in a body. The branch is boxed so that it is
/// [`Unpin`].
pub fn branch<F: Future>(block: F) -> Branch<Pin<Box<F>>> {
    machine::branch(Box::pin(block))
}

/// Does the same as [`branch`] for a block whose type is written, such as that of `async |x| -> T {
/// … }`.
pub fn branch_of<T, F: Future<Output = T>>(block: F) -> Branch<Pin<Box<F>>> {
    branch(block)
}
