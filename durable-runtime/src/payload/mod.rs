//! Values as they are recorded.
//!
//! What user code sees is always decoded from recorded bytes, so that a live run and a replay see
//! the same.
//!
//! 1. What is recorded is what comes back. Whatever JSON cannot hold, or could not be told apart from
//!    something else when it is read, is refused where it would be recorded, with its path.
//! 2. A value that passes as written and yet may not be read, as only its type knows, is read back
//!    once before it counts. Debug builds and the testkit do so with every value.
//!
//! [The chapter](crate::guide::payloads) has the table of what can be recorded.

mod arguments;
mod checked;
mod compound;
mod error;
mod findings;
mod nesting;
pub mod optional;
mod path;
mod recorded;
mod same;
mod value;

pub use arguments::Arguments;
pub use error::CodecError;
pub use nesting::MAX_NESTING;
pub use recorded::Recorded;
pub(crate) use recorded::record_in_use;
pub use value::JSON;
pub use value::Payload;
