//! A machine's call with the types of its result.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use crate::callable::CallableError;
use crate::definition::CallOptions;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::machine::CallRequest;
use crate::machine::RawCall;
use crate::payload::CodecError;
use crate::payload::Recorded;
use crate::retry::RetryPolicy;

/// A call that yields `Result<T, E>`.
pub(crate) struct TypedCall<T, E> {
    raw: RawCall,
    /// Why the call fails without being made: an option that makes no sense.
    refused: Option<Failure>,
    result: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> TypedCall<T, E> {
    pub(crate) fn new(raw: RawCall) -> Self {
        Self {
            raw,
            refused: None,
            result: PhantomData,
        }
    }

    pub(crate) fn raw(&self) -> &RawCall {
        &self.raw
    }

    /// The same call, read as other types.
    pub(crate) fn retyped<U, F>(self) -> TypedCall<U, F> {
        TypedCall {
            raw: self.raw,
            refused: self.refused,
            result: PhantomData,
        }
    }

    /// The request, while it can be changed.
    pub(crate) fn request_mut(&mut self) -> Option<&mut CallRequest> {
        self.raw.request_mut()
    }

    /// Changes how the call is run.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut CallOptions)) {
        if let Some(
            CallRequest::Activity { options, .. }
            | CallRequest::Child { options, .. }
            | CallRequest::EntityCall { options, .. },
        ) = self.raw.request_mut()
        {
            change(options);
        }
    }

    /// Sets `policy` if its numbers are in range; else the call fails.
    pub(crate) fn set_retry(&mut self, policy: RetryPolicy) {
        match policy.check() {
            Ok(()) => self.change(|options| options.retry = Some(policy)),
            Err(invalid) => self.refuse(Failure::from_error(&invalid)),
        }
    }

    /// Makes the call fail with `failure` instead of being made; the first reason counts.
    pub(crate) fn refuse(&mut self, failure: Failure) {
        self.refused.get_or_insert(failure);
    }

    /// Why the call fails instead of being made.
    pub(crate) fn refused(&self) -> Option<&Failure> {
        self.refused.as_ref()
    }

    pub(crate) fn schedule(&mut self) {
        if self.refused.is_none() {
            self.raw.schedule();
        }
    }
}

impl<T: Recorded, E: CallableError> Future for TypedCall<T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        // Before anything is recorded: a replay refuses it in the same way.
        if let Some(failure) = &this.refused {
            return Poll::Ready(Err(E::from_failure(failure.clone())));
        }
        // Decoded from what is recorded also when it has just come, so that a live run and a replay
        // see the same value.
        let decoded = match ready!(Pin::new(&mut this.raw).poll(cx)) {
            Ok(value) => T::from_payload(&value).map(Ok),
            Err(error) => E::from_call_error(error).map(Err),
        };
        match decoded {
            Ok(result) => Poll::Ready(result),
            Err(error) => undecodable(&this.raw, &error),
        }
    }
}

impl<T, E> fmt::Debug for TypedCall<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}

/// What is recorded does not fit today's types: the instance is parked, and the call stays pending.
fn undecodable<T>(call: &RawCall, error: &CodecError) -> Poll<T> {
    if let Some(cursor) = call.cursor() {
        let (name, site) = (name_of(call.request()), call.site());
        cursor.stall(format!(
            "the recorded result of {name}, called at {site}, cannot be read: {error}"
        ));
    }
    Poll::Pending
}

fn name_of(request: &CallRequest) -> String {
    match request {
        CallRequest::Activity { name, .. } => format!("activity `{name}`"),
        CallRequest::Child { name, .. } => format!("orchestrator `{name}`"),
        CallRequest::TimerAt(_) | CallRequest::TimerAfter(_) => "a timer".to_owned(),
        CallRequest::Event { name } => format!("event `{name}`"),
        CallRequest::EntityCall {
            entity, operation, ..
        }
        | CallRequest::EntitySignal {
            entity, operation, ..
        } => format!("`{operation}` of {entity}"),
        CallRequest::Lock { .. } => "a lock".to_owned(),
    }
}

/// What cannot fail did: the instance is parked, and the call stays pending.
pub(crate) fn unexpected<T>(call: &RawCall, error: &CallError) -> Poll<T> {
    if let Some(cursor) = call.cursor() {
        let name = name_of(call.request());
        cursor.stall(format!("{name} failed: {}", error.message()));
    }
    Poll::Pending
}
