//! Activities: code that acts on the outside world and runs at least once.
//!
//! `#[activity]` implements [`Activity`]; the engine makes an [`ActivityContext`] for each attempt
//! and calls [`Activity::invoke`] through the registry.
//!
//! 1. An attempt ends as an [`AttemptEnd`]: it never returns an error to the engine. The engine
//!    catches the panics of an async body.
//! 2. If something does not decode, the attempt is parked, because a deploy can cure it.

mod attempt;
mod context;
mod contract;
mod invoke;
mod options;
mod state;

pub use attempt::ActivityInvocation;
pub use attempt::AttemptEnd;
pub use context::ActivityContext;
pub use context::AttemptHandle;
pub use contract::Activity;
pub use invoke::invoke_async;
pub use invoke::invoke_blocking;
pub use options::call_options;
pub use state::Injected;
pub use state::MissingState;
pub use state::RequiredState;
pub use state::RequiredStates;
pub use state::State;
pub use state::States;
pub use state::inject;
pub use state::required_states;
