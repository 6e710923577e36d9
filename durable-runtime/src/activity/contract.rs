//! The trait that `#[activity]` implements.

use futures_util::future::BoxFuture;

use super::ActivityInvocation;
use super::AttemptEnd;
use super::RequiredStates;
use crate::callable::CallableError;
use crate::definition::CallOptions;
use crate::definition::Signature;
use crate::payload::Arguments;
use crate::payload::Recorded;

/// An activity as a type; `#[activity]` implements it for a type with the function's name.
///
/// ```
/// use durable_runtime::activity::Activity;
/// use durable_runtime::prelude::*;
///
/// #[activity(name = "greet_v2")]
/// async fn greet(name: String) -> String {
///     format!("Hello, {name}")
/// }
///
/// assert_eq!(greet::NAME, "greet_v2");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activity",
    note = "an activity is an `async fn` with `#[activity]` [D034]"
)]
pub trait Activity: Sized + Send + Sync + 'static {
    /// The name under which calls are recorded.
    const NAME: &'static str;
    /// Whether the body is not async and runs on the blocking pool.
    const BLOCKING: bool;
    /// How many attempts may run at once in one worker.
    const MAX_CONCURRENT: Option<usize>;
    /// Its types as the source names them.
    const SIGNATURE: Signature;
    /// The recorded arguments.
    type Arguments: Arguments;
    /// The `T` of a `Result<T, E>`, or the plain value.
    type Output: Recorded;
    /// The error; [`Failure`](crate::Failure) for a plain value.
    type Error: CallableError;

    /// Returns the options of its calls, unless a call sets its own.
    fn options() -> CallOptions;

    /// Returns whether another attempt may succeed after `error`.
    fn is_retryable(error: &Self::Error) -> bool;

    /// Returns the states that its parameters need.
    fn states() -> RequiredStates;

    /// Makes one attempt.
    fn invoke(invocation: ActivityInvocation) -> BoxFuture<'static, AttemptEnd>;
}
