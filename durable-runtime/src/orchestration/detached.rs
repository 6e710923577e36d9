//! Starting an orchestration that outlives this one.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use super::ChildCall;
use super::Orchestrator;
use super::typed_call::TypedCall;
use crate::failure::Failure;
use crate::ids::InstanceId;

/// The start of an orchestration that outlives this one; made by
/// [`start_detached`](super::OrchestrationContext::start_detached).
#[derive(Debug)]
#[must_use = "nothing is started until it is awaited"]
pub struct DetachedStart(TypedCall<InstanceId, Failure>);

impl DetachedStart {
    pub(super) fn new<O: Orchestrator>(call: ChildCall<O>) -> Self {
        Self(call.into_detached())
    }
}

impl Future for DetachedStart {
    type Output = Result<InstanceId, Failure>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}
