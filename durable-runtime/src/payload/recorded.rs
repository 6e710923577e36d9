//! Types whose values can be recorded, and the check that they come back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::CodecError;
use super::Payload;
use super::checked::Written;
use super::checked::write;
use super::error::Problem;
use super::same;

/// Whether every value is read back before it counts. Others are read back only where the writer is
/// in doubt.
const READS_ALL_BACK: bool = cfg!(any(debug_assertions, feature = "read-back"));

/// A value that can be recorded in a history and decoded again. It is implemented for every type
/// that derives serde's two traits and owns its contents.
///
/// The bounds are not supertraits: the compiler would then report each missing bound by itself and
/// never show this trait's own message.
///
/// ```
/// use durable_runtime::payload::Recorded;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Receipt {
///     cents: u64,
/// }
///
/// assert_eq!(Receipt { cents: 100 }.to_payload().unwrap().as_text(), r#"{"cents":100}"#);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded in a history",
    label = "not `Serialize + DeserializeOwned + Send + 'static`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, and make it own its data \
            [D025]"
)]
pub trait Recorded: Sized + Send + 'static {
    /// Records the value. What comes back is what was recorded: debug builds and the testkit decode
    /// the value at once and compare.
    ///
    /// # Errors
    /// [`CodecError`] if the value has no recorded form, or would come back as another value.
    fn to_payload(&self) -> Result<Payload, CodecError>;

    /// Records the value as the argument with this number, from 1, among several.
    ///
    /// # Errors
    /// The errors of [`to_payload`](Self::to_payload).
    #[doc(hidden)]
    fn to_argument(&self, number: u32) -> Result<Payload, CodecError>;

    /// Decodes a value.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded value does not decode as this type.
    fn from_payload(recorded: &Payload) -> Result<Self, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Recorded for T {
    fn to_payload(&self) -> Result<Payload, CodecError> {
        record_within(self, 0)
    }

    fn to_argument(&self, number: u32) -> Result<Payload, CodecError> {
        // Within the array of all arguments.
        record_within(self, 1).map_err(|error| error.of_argument(number))
    }

    fn from_payload(recorded: &Payload) -> Result<Self, CodecError> {
        recorded.decode()
    }
}

/// Records a value that the code which is running goes on with. The copy that is read back to be
/// compared is never dropped: a `Drop` of the user's would run at a place where the source has none,
/// and in debug builds only. So there each checkpoint leaks as much as it holds.
pub(crate) fn record_in_use<T: Serialize + DeserializeOwned>(
    value: &T,
) -> Result<Payload, CodecError> {
    record_and(value, 0, std::mem::forget)
}

fn record_within<T: Serialize + DeserializeOwned>(
    value: &T,
    depth: usize,
) -> Result<Payload, CodecError> {
    record_and(value, depth, drop)
}

fn record_and<T: Serialize + DeserializeOwned>(
    value: &T,
    depth: usize,
    dispose: fn(T),
) -> Result<Payload, CodecError> {
    let written = write(value, depth).map_err(CodecError::refused::<T>)?;
    if READS_ALL_BACK || written.doubt.is_some() {
        read_back(&written, depth, dispose).map_err(CodecError::refused::<T>)?;
    }
    Ok(Payload::of_json(written.text))
}

/// Reads as a `T` what was written, and writes it again: it must be the same value.
fn read_back<T: Serialize + DeserializeOwned>(
    written: &Written,
    depth: usize,
    dispose: fn(T),
) -> Result<(), Problem> {
    let unread = |cause: String| match &written.doubt {
        Some(doubt) => Problem {
            path: doubt.path.clone(),
            cause: format!(
                "{}, which its type does not read back: {cause}",
                doubt.cause
            ),
        },
        None => Problem {
            path: String::new(),
            cause: format!("its type does not read back what it writes: {cause}"),
        },
    };
    let value: T =
        serde_json::from_str(&written.text).map_err(|error| unread(error.to_string()))?;
    // Written once more and compared as text: types need not be comparable.
    let again = write(&value, depth).map_err(|problem| unread(problem.cause));
    // Before the error is returned, so that a refused value is disposed of as well.
    dispose(value);
    let again = again?;
    same::difference(&written.text, &again.text).map_or(Ok(()), Err)
}
