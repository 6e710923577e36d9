//! A local value that is computed once and recorded.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::machine::Cursor;
use crate::payload::Recorded;

/// A local value that is computed once; made by
/// [`side_effect`](super::OrchestrationContext::side_effect).
#[must_use = "nothing is computed until it is awaited"]
pub struct SideEffect<F, T> {
    cursor: Cursor,
    site: SourcePlace,
    compute: Option<F>,
    value: PhantomData<fn() -> T>,
}

impl<F, T> SideEffect<F, T> {
    pub(super) fn new(cursor: Cursor, site: SourcePlace, compute: F) -> Self {
        Self {
            cursor,
            site,
            compute: Some(compute),
            value: PhantomData,
        }
    }
}

/// The function is moved out before it is called, never called in place.
impl<F, T> Unpin for SideEffect<F, T> {}

impl<T: Recorded, F: FnOnce() -> T> Future for SideEffect<F, T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<T> {
        let this = self.get_mut();
        // Polled after it has failed or stalled: it stays pending, and computes nothing twice.
        let Some(compute) = this.compute.take() else {
            return Poll::Pending;
        };
        if !this
            .cursor
            .is_inside("a local value was computed", &this.site)
        {
            return Poll::Pending;
        }
        // Handed over and not called: a replay has the value and must not compute it.
        let encoded = || compute().to_payload();
        let recorded = match this.cursor.side_effect(&this.site, encoded) {
            Ok(recorded) => recorded,
            Err(error) => {
                this.cursor.fail(Failure::Codec(error));
                return Poll::Pending;
            }
        };
        // Decoded also when it was computed just now, so that a live run and a replay go on with
        // the same value.
        match T::from_payload(&recorded) {
            Ok(value) => Poll::Ready(value),
            Err(error) => {
                let site = &this.site;
                this.cursor.stall(format!(
                    "the side effect recorded at {site} cannot be read: {error}"
                ));
                Poll::Pending
            }
        }
    }
}

impl<F, T> fmt::Debug for SideEffect<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SideEffect").field(&self.site).finish()
    }
}
