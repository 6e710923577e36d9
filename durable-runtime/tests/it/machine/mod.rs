//! The machine, driven by a bench that plays the store and the dispatcher.

mod bench;
#[expect(
    clippy::unnecessary_wraps,
    clippy::needless_pass_by_value,
    reason = "read like what they stand for: an activity, its arguments, a result"
)]
mod calls;
mod event_text;

mod attempts;
mod branches;
mod checkpoints;
mod continue_as_new;
mod drops;
mod entities;
mod external_events;
mod inputs;
mod instance_ends;
mod limits;
mod nondeterminism;
mod outside;
mod panics;
mod programs;
mod stalls;
mod timers;
mod twin;
