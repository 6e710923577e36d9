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

/// What a function returns whose type has another name than `Result`: generated code asks
/// [`ReturnProbe`] whether that is an alias of one.
pub trait Returned<const IS_RESULT: bool> {
    /// The value.
    type Output;
    /// The error; [`Failure`] for a plain value.
    type Error;

    /// What was returned, as a result.
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

/// Tells whether `R` is a `Result`. The compiler prefers the constant of the type itself, which only
/// a `Result` has, to that of [`PlainReturn`], which all have.
pub struct ReturnProbe<R>(PhantomData<fn() -> R>);

impl<T, E> ReturnProbe<Result<T, E>> {
    /// It is.
    pub const IS_RESULT: bool = true;
}

/// The answer for everything else.
pub trait PlainReturn {
    /// It is none.
    const IS_RESULT: bool = false;
}

impl<R> PlainReturn for ReturnProbe<R> {}

impl<R> fmt::Debug for ReturnProbe<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnProbe")
    }
}
