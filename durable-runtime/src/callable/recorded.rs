//! The values and errors that a history can hold.

use std::error::Error;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// A value that can be recorded in a history and read back. Implemented for every type that has
/// what it asks for.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Receipt {
///     cents: u64,
/// }
/// # fn is_recorded<T: durable_runtime::callable::Recorded>() {}
/// # is_recorded::<Receipt>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded in a history",
    label = "not `Serialize + DeserializeOwned + Send + 'static`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, and let it own what it holds"
)]
pub trait Recorded: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Recorded for T {}

/// The error of an activity or an orchestrator: it can be recorded, and it takes a [`Failure`].
/// Implemented for every type that has what it asks for.
///
/// ```
/// use durable_runtime::Failure;
///
/// #[derive(Debug, thiserror::Error, serde::Serialize, serde::Deserialize)]
/// enum PaymentError {
///     #[error("declined")]
///     Declined,
///     #[error(transparent)]
///     Infrastructure(#[from] Failure),
/// }
/// # fn is_callable_error<E: durable_runtime::callable::CallableError>() {}
/// # is_callable_error::<PaymentError>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of an activity or orchestrator",
    label = "it needs `std::error::Error`, `Serialize`, `Deserialize` and `From<Failure>`",
    note = "derive `thiserror::Error`, `serde::Serialize` and `serde::Deserialize` for it",
    note = "and give it a variant for what is not its own: \
            `#[error(transparent)] Infrastructure(#[from] Failure)`"
)]
pub trait CallableError:
    Error + Serialize + DeserializeOwned + From<Failure> + Send + 'static
{
}

#[diagnostic::do_not_recommend]
impl<E: Error + Serialize + DeserializeOwned + From<Failure> + Send + 'static> CallableError for E {}
