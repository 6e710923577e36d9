//! A strand of concurrent execution inside an orchestration, whose calls are numbered on their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;

use super::cancellation::is_shielded;
use super::cursor::Frame;
use super::cursor::current_frame;
use super::cursor::enter;
use super::cursor::with_frame;
use super::last_await;
use crate::definition::Site;
use crate::definition::SourcePlace;
use crate::ids::CallPath;

/// The numbers that the calls of one branch get.
#[derive(Debug)]
pub(super) struct Numbers {
    path: CallPath,
    next: AtomicU32,
    /// The await that the branch has come to, as far as that is known.
    site: Mutex<Option<&'static Site>>,
}

impl Numbers {
    pub(super) fn new(path: CallPath) -> Self {
        Self::from(path, 0)
    }

    /// Numbers that go on with `next`.
    pub(super) fn from(path: CallPath, next: u32) -> Self {
        Self {
            path,
            next: AtomicU32::new(next),
            site: Mutex::new(None),
        }
    }

    /// The number that comes next.
    pub(super) fn next(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    /// The path of the next call or branch.
    pub(super) fn take(&self) -> CallPath {
        self.path.child(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The await that the branch has come to, as far as that is known.
    pub(super) fn site(&self) -> Option<&'static Site> {
        *self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the branch waits, as the end of a sentence; nothing, if that is not known.
    pub(super) fn place(&self) -> String {
        self.site().map_or_else(String::new, |site| {
            let Site {
                file,
                line,
                column,
                expression,
                ..
            } = site;
            format!(" at {file}:{line}:{column} (`{expression}`)")
        })
    }
}

/// Returns the place of the await that the branch on this thread has reached.
pub(super) fn place_of_await() -> Option<SourcePlace> {
    let site = current_frame()?.numbers.site()?;
    let Site {
        file, line, column, ..
    } = site;
    Some(SourcePlace(format!("{file}:{line}:{column}")))
}

/// Notes that the branch on this thread has reached the await at `site`.
pub fn awaits(site: &'static Site) {
    last_await::note(site);
    with_frame(|frame| {
        let mut noted = frame
            .numbers
            .site
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *noted = Some(site);
    });
}

/// A future that runs as a branch of its own; made by [`branch`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Branch<F> {
    frame: Option<Frame>,
    future: F,
}

/// Makes `future` a branch. It takes its number in the current branch now. Its calls are numbered
/// within it, whatever else runs beside it.
pub fn branch<F: Future>(future: F) -> Branch<F> {
    let frame = current_frame().map(|frame| {
        let path = frame.numbers.take();
        Frame {
            numbers: Arc::new(Numbers::new(path)),
            ..frame
        }
    });
    Branch { frame, future }
}

impl<F: Future + Unpin> Future for Branch<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let shielded = is_shielded();
        let _entered = this.frame.clone().map(|frame| {
            let shielded = frame.shielded || shielded;
            enter(Frame { shielded, ..frame })
        });
        Pin::new(&mut this.future).poll(cx)
    }
}

/// A future whose calls continue when the instance is cancelled; made by [`shielded`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Shielded<F>(F);

/// Shields the calls that `future` makes from a cancellation of the instance.
pub fn shielded<F: Future>(future: F) -> Shielded<F> {
    Shielded(future)
}

impl<F: Future + Unpin> Future for Shielded<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = current_frame().map(|frame| {
            enter(Frame {
                shielded: true,
                ..frame
            })
        });
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}
