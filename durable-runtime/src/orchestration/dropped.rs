//! Finds calls that are dropped where they are made, with the help of the compiler.
//!
//! Generated code checks every value that a statement drops. The compiler prefers [`DroppedCall`]
//! if the value is durable; its answer is the one that [`Droppable`] refuses.

use std::marker::PhantomData;

use super::Durable;

/// Checks whether a dropped value is durable.
#[derive(Debug)]
pub struct DropProbe<'a, T>(pub &'a T);

/// The answer for a dropped durable future.
#[derive(Debug)]
pub struct NeverRuns<T>(PhantomData<fn() -> T>);

/// A value that may be dropped.
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
    /// A type that [`Droppable`] refuses.
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

/// Accepts an answer that allows the drop.
pub fn may_drop<A: Droppable>(_answer: PhantomData<A>) {}
