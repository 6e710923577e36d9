//! Waiting for external events.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use futures_util::Stream;

use super::Event;
use super::typed_call::unexpected;
use crate::definition::SourcePlace;
use crate::machine::CallRequest;
use crate::machine::RawCall;

/// The wait for the next event of type `E`; made by
/// [`wait_for`](super::OrchestrationContext::wait_for).
#[must_use = "a wait for an event does nothing until it is awaited"]
pub struct EventWait<E> {
    raw: RawCall,
    event: PhantomData<fn() -> E>,
}

impl<E: Event> EventWait<E> {
    pub(super) fn new(site: SourcePlace) -> Self {
        Self {
            raw: RawCall::new(CallRequest::Event { name: E::NAME }, site),
            event: PhantomData,
        }
    }
}

impl<E: Event> Future for EventWait<E> {
    type Output = E;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<E> {
        let raw = &mut self.get_mut().raw;
        loop {
            let payload = match ready!(Pin::new(&mut *raw).poll(cx)) {
                Ok(payload) => payload,
                Err(error) => return unexpected(raw, &error),
            };
            match E::from_payload(&payload) {
                Ok(event) => return Poll::Ready(event),
                // Whoever raised it made the mistake: the orchestration waits on.
                Err(error) => raw.reject(error.to_string()),
            }
        }
    }
}

impl<E: Event> fmt::Debug for EventWait<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventWait").field(&E::NAME).finish()
    }
}

/// A stream of all events of type `E`; made by [`events`](super::OrchestrationContext::events). It
/// never ends by itself.
#[must_use = "a stream of events does nothing until it is polled"]
pub struct Events<E> {
    site: SourcePlace,
    next: Option<EventWait<E>>,
}

impl<E: Event> Events<E> {
    pub(super) fn new(site: SourcePlace) -> Self {
        Self { site, next: None }
    }
}

impl<E: Event> Stream for Events<E> {
    type Item = E;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        let this = self.get_mut();
        let site = &this.site;
        let next = this
            .next
            .get_or_insert_with(|| EventWait::new(site.clone()));
        let event = ready!(Pin::new(next).poll(cx));
        // The next poll makes a wait of its own. It is not begun here: a stream that is dropped
        // after its last event must leave the next one unread.
        this.next = None;
        Poll::Ready(Some(event))
    }
}

impl<E: Event> fmt::Debug for Events<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&E::NAME).finish()
    }
}
