//! The attribute macros of `durable-runtime`, which re-exports and documents them.
//!
//! Each macro parses its item into a model, reports every mistake at its own tokens, and emits the
//! same names whether the item is right or wrong. What it emits calls the runtime's `__private` and
//! holds no logic of its own.

mod activity;
mod body;
mod callees;
mod checkpoint;
mod client_stub;
mod debug;
mod determinism;
mod diagnostics;
mod entity;
mod event;
#[cfg(test)]
mod expansions;
#[cfg(test)]
mod fuzzing;
mod inline;
mod item;
mod lints;
mod mock;
#[cfg(test)]
mod mutations;
mod numbers;
mod options;
mod orchestrator;
mod runtime_path;
mod signature;
mod states;
mod suggest;
mod surroundings;

use proc_macro::TokenStream;

/// Makes a function an activity; documented where `durable_runtime` re-exports it.
#[proc_macro_attribute]
pub fn activity(options: TokenStream, item: TokenStream) -> TokenStream {
    activity::expand(options.into(), &item.into()).into()
}

/// Makes an async function an orchestrator; documented where `durable_runtime` re-exports it.
#[proc_macro_attribute]
pub fn orchestrator(options: TokenStream, item: TokenStream) -> TokenStream {
    orchestrator::expand(options.into(), &item.into()).into()
}

/// Makes the `impl` block of a type an entity; documented where `durable_runtime` re-exports it.
#[proc_macro_attribute]
pub fn entity(options: TokenStream, item: TokenStream) -> TokenStream {
    entity::expand(options.into(), &item.into()).into()
}

/// Makes a type an external event; documented where `durable_runtime` re-exports it.
#[proc_macro_derive(Event, attributes(event))]
pub fn derive_event(item: TokenStream) -> TokenStream {
    event::expand(item.into()).into()
}
