//! Panics that are caught on their way count too.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `check`, which fails when anything panics on this thread meanwhile, whoever catches it.
pub(crate) fn none_in<T>(check: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let next = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            FIRST.with_borrow_mut(|first| {
                first.get_or_insert_with(|| info.to_string());
            });
            next(info);
        }));
    });
    FIRST.take();
    let result = check();
    let first = FIRST.take();
    assert_eq!(first, None, "something panicked");
    result
}
