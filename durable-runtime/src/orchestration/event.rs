//! External events as types.

use crate::commands::EventCode;
use crate::payload::Recorded;

/// An external event, typed at both ends; `#[derive(Event)]` implements it.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[derive(Event, serde::Serialize, serde::Deserialize)]
/// #[event(name = "approval")]
/// struct Approval {
///     by: String,
/// }
///
/// assert_eq!(Approval::NAME, "approval");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    note = "derive `Event`, `serde::Serialize` and `serde::Deserialize` for it [D028]"
)]
pub trait Event: Recorded {
    /// The name under which it is raised. Names match without regard to case.
    const NAME: &'static str;
    /// What is known of it without its type; for generated code.
    #[doc(hidden)]
    const CODE: EventCode = EventCode::of::<Self>(Self::NAME);
}

/// Does not compile if two declared events have the same name, apart from case; for generated code.
/// Letters other than ASCII are compared when the runtime starts.
///
/// # Panics
/// Panics if two of `names` are equal.
pub const fn assert_distinct_events(names: &[&str]) {
    let mut first = 0;
    while first < names.len() {
        let mut second = first + 1;
        while second < names.len() {
            // ASCII alone is what a constant function can compare; the start compares all letters.
            assert!(
                !names[first].eq_ignore_ascii_case(names[second]),
                "two declared events have the same name: rename one of them with \
                 `#[event(name = \"…\")]` [D027]"
            );
            second += 1;
        }
        first += 1;
    }
}
