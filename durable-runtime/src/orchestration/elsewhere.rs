//! Finds durable calls that are awaited in an activity, with the help of the compiler.
//!
//! Generated code checks what an activity awaits. The compiler prefers [`CallElsewhere`] if the
//! value is a call of an orchestration; its answer is the one that [`Awaitable`] refuses. Futures
//! that are ready at once are durable too and may be awaited anywhere, so the check does not ask
//! for [`Durable`](super::Durable).

use std::marker::PhantomData;

use futures_util::future;
use futures_util::future::TryFuture;

use super::Call;
use super::ChildCall;
use super::Orchestrator;
use super::Retried;
use super::Spawned;
use crate::activity::Activity;

/// Checks whether an activity may await a value.
#[derive(Debug)]
pub struct AwaitProbe<'a, T>(pub &'a T);

/// The answer for a call that nothing would record.
#[derive(Debug)]
pub struct Unrecorded<T>(PhantomData<fn() -> T>);

/// A value that an activity may await.
#[diagnostic::on_unimplemented(
    message = "this call is awaited in an activity, where no history records it",
    label = "belongs in an orchestrator",
    note = "await it in the orchestrator, and pass the result to the activity; to run the body of \
            an activity `charge` as a plain function, call `charge::run(…)` [D038]"
)]
pub trait Awaitable {}

#[diagnostic::do_not_recommend]
impl Awaitable for () {}

/// A future that is a call of an orchestration, or waits for one.
pub trait Recording {}

macro_rules! recording {
    ($([$($generics:tt)*] $name:ty;)+) => {$(
        impl<$($generics)*> Recording for $name {}
    )+};
}

recording! {
    [A: Activity] Call<A>;
    [O: Orchestrator] ChildCall<O>;
    [T, E] Retried<'_, T, E>;
    [C] Spawned<C>;
    [F: Future + Recording] future::JoinAll<F>;
    [F: TryFuture + Recording] future::TryJoinAll<F>;
    [F: Recording] future::SelectAll<F>;
    [F: Recording] future::SelectOk<F>;
}

/// The answer for calls.
pub trait CallElsewhere {
    /// A type that [`Awaitable`] refuses.
    type Answer;
    /// Returns the answer.
    fn ask(&self) -> PhantomData<Self::Answer>;
}

impl<T: Recording> CallElsewhere for &AwaitProbe<'_, T> {
    type Answer = Unrecorded<T>;

    fn ask(&self) -> PhantomData<Unrecorded<T>> {
        PhantomData
    }
}

/// The answer for everything else.
pub trait OtherAwait {
    /// Returns the answer.
    fn ask(&self) -> PhantomData<()>;
}

impl<T> OtherAwait for AwaitProbe<'_, T> {
    fn ask(&self) -> PhantomData<()> {
        PhantomData
    }
}

/// Accepts an answer that allows the await.
pub fn may_await<A: Awaitable>(_answer: PhantomData<A>) {}
