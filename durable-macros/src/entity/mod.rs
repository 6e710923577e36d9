//! `#[entity]`: the `impl` block of a type into operations that are called, signalled and locked
//! under a key.
//!
//! The block is read into operations ([`operation`]), each mistake of them is reported at its own
//! tokens, and three types are emitted ([`stubs`]): what `T::at(key)` has, what a part of a lock
//! has, and what calls from outside. The rest ([`implementation`]) stands in a constant without a
//! name. The block itself stays as it is written, without `#[read_only]`.

mod awaits;
mod block;
mod expand;
mod implementation;
mod mocks;
mod operation;
mod stubs;

pub(crate) use expand::expand;
pub(crate) use operation::CONTEXT;
