//! `join!` and `try_join!`: chains of two, polled from the first to the last.

use std::future::Future;
use std::pin::Pin;

use futures_util::future::Ready;
pub use futures_util::future::join;
use futures_util::future::ready;
pub use futures_util::future::try_join;

use super::Durable;
use super::branch;
use crate::machine::Branch;

/// Returns an arm of `join!`, `try_join!` or `select!`: a branch of its own.
pub fn arm<F: Durable + Future>(future: F) -> Branch<Pin<Box<F>>> {
    branch(future)
}

/// Returns the end of a chain of `join!`.
pub fn joined() -> Ready<()> {
    ready(())
}

/// Returns the end of a chain of `try_join!`.
pub fn try_joined<E>() -> Ready<Result<(), E>> {
    ready(Ok(()))
}
