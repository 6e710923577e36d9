//! Calls that are dropped where they are made, found by the compiler.
//!
//! Generated code asks every value that a statement drops. The compiler prefers [`DroppedCall`]
//! where the value is durable; its answer is the one that [`Droppable`] refuses.

use std::marker::PhantomData;

use super::Durable;

/// Asks whether a value that is dropped is durable.
#[derive(Debug)]
pub struct DropProbe<'a, T>(pub &'a T);

/// The answer where a durable future is dropped.
#[derive(Debug)]
pub struct NeverRuns<T>(PhantomData<fn() -> T>);

/// What may be dropped.
#[diagnostic::on_unimplemented(
    message = "this call is dropped before it runs: nothing is scheduled until it is awaited",
    label = "never awaited",
    note = "write `.await` behind it; start it now and await it later with `let handle = ….spawn();` [D017]"
)]
pub trait Droppable {}

#[diagnostic::do_not_recommend]
impl Droppable for () {}

/// The answer for durable futures.
pub trait DroppedCall {
    /// What [`Droppable`] refuses.
    type Answer;
    /// Returns the answer.
    fn ask(&self) -> PhantomData<Self::Answer>;
}

impl<T: Durable> DroppedCall for DropProbe<'_, T> {
    type Answer = NeverRuns<T>;

    fn ask(&self) -> PhantomData<NeverRuns<T>> {
        PhantomData
    }
}

/// The answer for everything else.
pub trait DroppedValue {
    /// Returns the answer.
    fn ask(&self) -> PhantomData<()>;
}

impl<T> DroppedValue for &DropProbe<'_, T> {
    fn ask(&self) -> PhantomData<()> {
        PhantomData
    }
}

/// Takes an answer that allows the drop.
pub fn may_drop<A: Droppable>(_answer: PhantomData<A>) {}
