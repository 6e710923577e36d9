//! What activities and orchestrators have in common: results, and errors that can be recorded and
//! that say whether another attempt makes sense.

mod error;
mod result;
mod retryable;

pub use error::CallableError;
pub use result::IsResult;
pub use result::PlainReturn;
pub use result::ReturnProbe;
pub use result::Returned;
pub use retryable::ErrorProbe;
pub use retryable::Retryable;
pub use retryable::RetryableError;
pub use retryable::UnknownError;
pub use retryable::test_error;
