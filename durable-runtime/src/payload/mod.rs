//! Recorded values.
//!
//! User code always sees values that are decoded from recorded bytes, so a live run and a replay
//! see the same.
//!
//! 1. What comes back is what was recorded. If JSON cannot hold a value, or could not distinguish
//!    it from another, `durable` refuses it when it would record it, and names its path.
//! 2. A value may be written and still not be readable, as only its type knows. Such a value is
//!    read back once before it is accepted. Debug builds and the testkit do so with every value.
//!
//! [The chapter](crate::guide::payloads) lists what can be recorded.

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
