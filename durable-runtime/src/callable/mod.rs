//! What activities and orchestrators have in common: values that can be recorded, and errors that
//! say whether to try again.

mod recorded;
mod result;
mod retryable;

pub use recorded::CallableError;
pub use recorded::Recorded;
pub use result::IsResult;
pub(crate) use result::call_error;
pub use retryable::ErrorProbe;
pub use retryable::Retryable;
pub use retryable::RetryableError;
pub use retryable::UnknownError;
pub use retryable::test_error;
