//! Ending an execution and beginning another one with new input.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use super::Untyped;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::machine::Cursor;
use crate::payload::CodecError;
use crate::payload::Payload;

/// The end of this execution; made by
/// [`continue_as_new`](super::OrchestrationContext::continue_as_new).
///
/// Its type is the orchestrator's return type, so that `return ctx.continue_as_new(…).await`
/// compiles. It never completes.
#[must_use = "continuing as new does nothing until it is awaited"]
pub struct ContinueAsNew<R> {
    cursor: Cursor,
    site: SourcePlace,
    input: Result<Option<Payload>, CodecError>,
    returns: PhantomData<fn() -> R>,
}

impl<R> ContinueAsNew<R> {
    pub(super) fn new(
        cursor: Cursor,
        site: SourcePlace,
        input: Result<Option<Payload>, CodecError>,
    ) -> Self {
        Self {
            cursor,
            site,
            input,
            returns: PhantomData,
        }
    }
}

impl<R> Future for ContinueAsNew<R> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<R> {
        if !self
            .cursor
            .is_inside("continue-as-new was awaited", &self.site)
        {
            return Poll::Pending;
        }
        match &self.input {
            // And pending for ever: nothing of this execution runs after it.
            Ok(input) => self.cursor.continue_as_new(input.clone()),
            Err(error) => self.cursor.fail(Failure::Codec(error.clone())),
        }
        Poll::Pending
    }
}

impl<R> fmt::Debug for ContinueAsNew<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ContinueAsNew").field(&self.input).finish()
    }
}

/// The arguments of an orchestrator: `()` if there are none, a single one as it is, several as a
/// tuple.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not match the arguments of this orchestrator",
    label = "expected `{A}`",
    note = "pass one argument as it is, several as a tuple, and none as `()` [D033]"
)]
pub trait IntoArguments<A> {
    /// Returns the arguments in their recorded form.
    fn into_arguments(self) -> A;
}

impl IntoArguments<()> for () {
    fn into_arguments(self) {}
}

impl<T> IntoArguments<(T,)> for T {
    fn into_arguments(self) -> (T,) {
        (self,)
    }
}

/// A context that does not know its orchestrator is refused for that alone.
#[diagnostic::do_not_recommend]
impl<T> IntoArguments<Untyped> for T {
    fn into_arguments(self) -> Untyped {
        unreachable!("no context without an orchestrator continues as new")
    }
}

macro_rules! several_arguments {
    ($($name:ident),+) => {
        impl<$($name),+> IntoArguments<($($name,)+)> for ($($name,)+) {
            fn into_arguments(self) -> Self {
                self
            }
        }
    };
}

several_arguments!(A, B);
several_arguments!(A, B, C);
several_arguments!(A, B, C, D);
several_arguments!(A, B, C, D, E);
several_arguments!(A, B, C, D, E, F);
several_arguments!(A, B, C, D, E, F, G);
several_arguments!(A, B, C, D, E, F, G, H);
several_arguments!(A, B, C, D, E, F, G, H, I);
several_arguments!(A, B, C, D, E, F, G, H, I, J);
several_arguments!(A, B, C, D, E, F, G, H, I, J, K);
several_arguments!(A, B, C, D, E, F, G, H, I, J, K, L);
