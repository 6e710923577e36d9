//! Panics that nobody planned, on this thread.

use std::cell::RefCell;

thread_local! {
    static UNPLANNED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes panics from now on, in place of printing them.
pub(crate) fn note() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        if !text.contains("planned:") {
            UNPLANNED.with_borrow_mut(|all| all.push(text));
        }
    }));
}

pub(crate) fn forget() {
    UNPLANNED.with_borrow_mut(Vec::clear);
}

pub(crate) fn any_unplanned() -> bool {
    UNPLANNED.with_borrow(|all| !all.is_empty())
}

pub(crate) fn unplanned() -> Vec<String> {
    UNPLANNED.with_borrow_mut(std::mem::take)
}
