//! Durable timers.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use super::typed_call::unexpected;
use crate::definition::SourcePlace;
use crate::machine::CallRequest;
use crate::machine::RawCall;

/// A durable timer; made by [`sleep`](super::OrchestrationContext::sleep) and
/// [`sleep_until`](super::OrchestrationContext::sleep_until).
#[derive(Debug)]
#[must_use = "a timer does nothing until it is awaited"]
pub struct Timer(RawCall);

impl Timer {
    pub(super) fn new(request: CallRequest, site: SourcePlace) -> Self {
        Self(RawCall::new(request, site))
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let call = &mut self.get_mut().0;
        match ready!(Pin::new(&mut *call).poll(cx)) {
            Ok(_) => Poll::Ready(()),
            Err(error) => unexpected(call, &error),
        }
    }
}
