//! The return value of a function, as a result.

use std::fmt;
use std::marker::PhantomData;

use crate::failure::Failure;

/// A `Result` under any alias. Generated code uses it to find the value's and the error's type of
/// an `io::Result<T>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is named `Result` but is not `std::result::Result`",
    note = "return `std::result::Result<T, E>` or an alias of it"
)]
pub trait IsResult {
    /// The value.
    type Output;
    /// The error.
    type Error;

    /// Returns the result itself.
    #[expect(clippy::missing_errors_doc, reason = "it is the error that was there")]
    fn into_result(self) -> Result<Self::Output, Self::Error>;
}

impl<T, E> IsResult for Result<T, E> {
    type Output = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

/// The return type of a function that is not named `Result`. Generated code asks [`ReturnProbe`]
/// whether it is an alias of one.
pub trait Returned<const IS_RESULT: bool> {
    /// The value.
    type Output;
    /// The error; [`Failure`] for a plain value.
    type Error;

    /// Returns the return value as a result.
    #[expect(clippy::missing_errors_doc, reason = "it is the error that was there")]
    fn into_result(self) -> Result<Self::Output, Self::Error>;
}

impl<T, E> Returned<true> for Result<T, E> {
    type Output = T;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }
}

impl<T> Returned<false> for T {
    type Output = T;
    type Error = Failure;

    fn into_result(self) -> Result<T, Failure> {
        Ok(self)
    }
}

/// Says whether `R` is a `Result`. Only a `Result` has the constant of the type itself, which the
/// compiler prefers to that of [`PlainReturn`], which all types have.
pub struct ReturnProbe<R>(PhantomData<fn() -> R>);

impl<T, E> ReturnProbe<Result<T, E>> {
    /// It is a `Result`.
    pub const IS_RESULT: bool = true;
}

/// The answer for everything else.
pub trait PlainReturn {
    /// It is not a `Result`.
    const IS_RESULT: bool = false;
}

impl<R> PlainReturn for ReturnProbe<R> {}

impl<R> fmt::Debug for ReturnProbe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnProbe")
    }
}
