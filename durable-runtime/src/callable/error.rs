//! The errors that a history can hold.

use std::any::Any;
use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::CallError;
use crate::failure::Failure;
use crate::failure::RecordedError;
use crate::failure::causes_of;
use crate::payload::CodecError;

/// The error of an activity or an orchestrator: it can be recorded, and it can be made from a
/// [`Failure`]. It is implemented for every type that meets its bounds.
///
/// The bounds are not supertraits: the compiler would then report each missing bound by itself and
/// never show this trait's own message.
///
/// ```
/// use durable_runtime::Failure;
/// use durable_runtime::callable::CallableError;
///
/// #[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
/// enum PaymentError {
///     #[error("declined")]
///     Declined,
///     #[error(transparent)]
///     Infrastructure(#[from] Failure),
/// }
///
/// let recorded = PaymentError::Declined.to_call_error();
/// assert_eq!(recorded.message(), "declined");
/// assert!(matches!(PaymentError::from_call_error(recorded), Ok(PaymentError::Declined)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an activity, orchestrator or operation",
    label = "must implement `std::error::Error`, `Serialize`, `Deserialize` and `From<Failure>`",
    note = "derive `thiserror::Error`, `serde::Serialize` and `serde::Deserialize` for it",
    note = "add a variant for failures of the runtime: \
            `#[error(transparent)] Infrastructure(#[from] Failure)` [D026]"
)]
pub trait CallableError: Sized + Send + 'static {
    /// Returns the error that stands for `failure`.
    fn from_failure(failure: Failure) -> Self;

    /// Records the error. If the function's error type is [`Failure`] itself, the failure is
    /// recorded as it is. An error that has no recorded form becomes [`Failure::ErrorNotRecorded`],
    /// which keeps its text.
    fn to_call_error(&self) -> CallError;

    /// Decodes an error.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value is no such error.
    fn from_call_error(recorded: CallError) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<E: Error + Serialize + DeserializeOwned + From<Failure> + Send + 'static> CallableError for E {
    fn from_failure(failure: Failure) -> Self {
        failure.into()
    }

    fn to_call_error(&self) -> CallError {
        // A `Failure` that passes through several calls stays one, and is not wrapped anew by each.
        if let Some(failure) = (self as &dyn Any).downcast_ref::<Failure>() {
            return CallError::Failure(failure.clone());
        }
        match RecordedError::new(self) {
            Ok(recorded) => CallError::Error(recorded),
            // An error that cannot be recorded still fails its call, with its words in place of its
            // value.
            Err(codec) => CallError::Failure(Failure::ErrorNotRecorded {
                message: self.to_string(),
                causes: causes_of(self),
                codec,
            }),
        }
    }

    fn from_call_error(recorded: CallError) -> Result<Self, CodecError> {
        match recorded {
            CallError::Error(recorded) => recorded.value.decode(),
            CallError::Failure(failure) => Ok(failure.into()),
        }
    }
}
