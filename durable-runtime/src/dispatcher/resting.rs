//! Continuations that wait in memory, and where they are dropped.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::crew::Crew;
use super::crew::Job;
use super::held::Of;
use super::held::Whose;
use crate::machine::Continuation;

/// Where values of user code are dropped: what they do then is user code too, and may take its time.
#[derive(Debug, Clone, Default)]
pub(super) struct Discards(Option<Crew>);

impl Discards {
    /// On a thread of the crew.
    pub(super) fn on(crew: &Crew) -> Self {
        Self(Some(crew.clone()))
    }

    /// Drops `values`.
    pub(super) fn discard<T: Send + 'static>(&self, values: T) {
        match &self.0 {
            // Not on the thread of the dispatcher: a `Drop` of the user that blocks would hold up
            // the whole hub.
            Some(crew) => crew.push(Arc::new(Discard(Mutex::new(Some(values))))),
            None => drop(values),
        }
    }
}

struct Discard<T>(Mutex<Option<T>>);

impl<T: Send> Job for Discard<T> {
    fn run(self: Arc<Self>) {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(values);
    }

    fn whose(&self) -> Whose {
        Whose {
            function: "drop".into(),
            of: Of::Values,
        }
    }
}

/// An orchestration that waits in memory. Dropping it drops it where values of user code are dropped.
#[derive(Debug)]
pub(super) struct Resting {
    continuation: Option<Box<Continuation>>,
    discards: Discards,
}

impl Resting {
    pub(super) fn new(continuation: Box<Continuation>, discards: &Discards) -> Self {
        Self {
            continuation: Some(continuation),
            discards: discards.clone(),
        }
    }

    /// Takes it, for a turn.
    #[expect(
        clippy::expect_used,
        reason = "only this and dropping take it, and both end the value"
    )]
    #[expect(clippy::unnecessary_box_returns, reason = "it stays in its box")]
    pub(super) fn wake(mut self) -> Box<Continuation> {
        self.continuation
            .take()
            .expect("it is there until it is taken or dropped")
    }
}

impl Deref for Resting {
    type Target = Continuation;

    #[expect(
        clippy::expect_used,
        reason = "only waking and dropping take it, and both end the value"
    )]
    fn deref(&self) -> &Continuation {
        self.continuation
            .as_deref()
            .expect("it is there until it is taken or dropped")
    }
}

impl Drop for Resting {
    fn drop(&mut self) {
        if let Some(continuation) = self.continuation.take() {
            self.discards.discard(continuation);
        }
    }
}
