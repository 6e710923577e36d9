//! What comes to light while a value is written.

use std::cell::Cell;
use std::cell::RefCell;
use std::fmt;

use super::error::Problem;
use super::path::Trail;

/// What came to light so far; the first of each kind counts.
#[derive(Default)]
pub(super) struct Findings {
    refused: RefCell<Option<Problem>>,
    doubt: RefCell<Option<Problem>>,
    /// The text of the key that was written last, where it is asked for.
    key: Cell<Option<String>>,
}

impl Findings {
    /// Notes why the value has no recorded form. Whoever stands deepest says so first.
    pub(super) fn refuse(&self, trail: &Trail<'_>, cause: &dyn fmt::Display) {
        note(&self.refused, trail, cause);
    }

    /// Notes what only some types read back.
    pub(super) fn doubt(&self, trail: &Trail<'_>, cause: &str) {
        note(&self.doubt, trail, &cause);
    }

    pub(super) fn keep_key(&self, text: &str) {
        self.key.set(Some(text.to_owned()));
    }

    pub(super) fn take_key(&self) -> Option<String> {
        self.key.take()
    }

    pub(super) fn into_refused(self) -> Option<Problem> {
        self.refused.into_inner()
    }

    pub(super) fn into_doubt(self) -> Option<Problem> {
        self.doubt.into_inner()
    }
}

fn note(problem: &RefCell<Option<Problem>>, trail: &Trail<'_>, cause: &dyn fmt::Display) {
    problem.borrow_mut().get_or_insert_with(|| Problem {
        path: trail.to_string(),
        cause: cause.to_string(),
    });
}
