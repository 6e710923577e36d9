//! Errors that say whether it makes sense to try again.

use std::fmt;

/// An error that knows whether it may go away by itself. What it refuses, no policy tries again.
///
/// `#[activity]` finds the implementation for the activity's error; an error without one is tried
/// again as the policy says. The option `retry(non_retryable = …)` goes before it.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
/// enum PaymentError {
///     #[error("declined")]
///     Declined,
///     #[error(transparent)]
///     Infrastructure(#[from] Failure),
/// }
///
/// impl Retryable for PaymentError {
///     fn is_retryable(&self) -> bool {
///         !matches!(self, Self::Declined)
///     }
/// }
///
/// #[activity(retry(max_attempts = 5))]
/// async fn charge(cents: u64) -> Result<(), PaymentError> {
///     if cents == 0 { Err(PaymentError::Declined) } else { Ok(()) }
/// }
/// ```
pub trait Retryable {
    /// Returns whether another attempt may succeed.
    fn is_retryable(&self) -> bool;
}

/// Holds an error that may be [`Retryable`]; generated code asks it, and the compiler prefers
/// [`RetryableError`] where that applies.
pub struct ErrorProbe<'a, E>(pub &'a E);

impl<E> fmt::Debug for ErrorProbe<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorProbe")
    }
}

/// The answer of an error that is [`Retryable`].
pub trait RetryableError {
    /// Returns whether another attempt may succeed.
    fn may_succeed_later(&self) -> bool;
}

impl<E: Retryable> RetryableError for ErrorProbe<'_, E> {
    fn may_succeed_later(&self) -> bool {
        self.0.is_retryable()
    }
}

/// The answer for any other error.
pub trait UnknownError {
    /// Returns whether another attempt may succeed: unknown, so it may.
    fn may_succeed_later(&self) -> bool {
        true
    }
}

impl<E> UnknownError for &ErrorProbe<'_, E> {}

/// Applies the test of the option `non_retryable`, which may be a closure.
pub fn test_error<E>(test: impl FnOnce(&E) -> bool, error: &E) -> bool {
    test(error)
}
