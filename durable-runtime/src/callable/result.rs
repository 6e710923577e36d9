//! The return value of a function, as a result.

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
