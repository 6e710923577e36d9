//! Panics of user code as values, with the place of the panic.
//!
//! Only the panic hook knows the place of a panic, so the first use installs a hook in front of the
//! existing one. It notes the place for this thread and then calls the existing hook.

use std::any::Any;
use std::cell::Cell;
use std::cell::RefCell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::Once;
use std::task::Context;
use std::task::Poll;

use crate::failure::Failure;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and turns its panic into [`Failure::Panicked`].
///
/// # Errors
/// The failure, if `f` panics.
pub fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Failure> {
    // Not at the start of the program: a library has no such place, and a user's own hook may be
    // set at any time before this.
    note_places();
    // The place of an earlier panic that somebody else has caught is not this one's.
    PLACE.with_borrow_mut(Option::take);
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let failure = Failure::Panicked {
            message: message_of(&*panic),
            location: PLACE.with_borrow_mut(Option::take),
        };
        drop_quietly(panic);
        failure
    })
}

/// Drops what a panic carried. A value that panics in turn is not dropped: nothing says that it would
/// ever be enough.
fn drop_quietly(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}

/// Runs `f` without showing its panics to any other hook.
pub fn quietly<T>(f: impl FnOnce() -> T) -> T {
    struct Back(bool);

    impl Drop for Back {
        fn drop(&mut self) {
            QUIET.set(self.0);
        }
    }

    let _back = Back(QUIET.replace(true));
    f()
}

/// A future whose panic turns into [`Failure::Panicked`].
#[derive(Debug)]
pub struct Catch<F>(Pin<Box<F>>);

impl<F: Future> Catch<F> {
    /// Wraps `future`.
    pub fn new(future: F) -> Self {
        Self(Box::pin(future))
    }
}

impl<F: Future> Future for Catch<F> {
    type Output = Result<F::Output, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch(|| self.0.as_mut().poll(cx)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(failure) => Poll::Ready(Err(failure)),
        }
    }
}

fn note_places() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        // The user's hook is called all the same, so logs and backtraces stay as they were.
        let next = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map(ToString::to_string);
            // A thread that is being torn down has no place to note it any more.
            let _ = PLACE.try_with(|noted| noted.try_borrow_mut().map(|mut noted| *noted = place));
            if !QUIET.try_with(Cell::get).unwrap_or(false) {
                next(info);
            }
        }));
    });
}

/// Returns the message of a panic.
pub fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is not text".to_owned())
}
