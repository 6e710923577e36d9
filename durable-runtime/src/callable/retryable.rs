//! Errors that say whether another attempt makes sense.

use std::fmt;

/// An error that says whether another attempt may succeed. If it says no, no policy tries again.
///
/// `#[activity]` finds the implementation for the activity's error. If there is none, the policy
/// decides. The option `retry(non_retryable = …)` takes precedence over it.
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

/// Holds an error that may be [`Retryable`]. Generated code queries it, and the compiler prefers
/// [`RetryableError`] if that applies.
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
    /// Returns whether another attempt may succeed: always true, because the error does not say.
    fn may_succeed_later(&self) -> bool {
        true
    }
}

impl<E> UnknownError for &ErrorProbe<'_, E> {}

/// Applies the test of the option `non_retryable`, which may be a closure.
pub fn test_error<E>(test: impl FnOnce(&E) -> bool, error: &E) -> bool {
    test(error)
}
