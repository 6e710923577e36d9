//! Finds calls and critical sections that are dropped where they are made, with the help of the
//! compiler.
//!
//! Generated code checks every value that a statement drops. The compiler prefers [`DroppedCall`]
//! if the value is durable, and [`DroppedSection`] if it is a part of a critical section.
//! [`Droppable`] refuses the first answer, [`Releasable`] the second.

use std::marker::PhantomData;

use super::Durable;

/// Checks whether a dropped value is durable.
#[derive(Debug)]
pub struct DropProbe<'a, T>(pub &'a T);

/// The answer for a dropped durable future.
#[derive(Debug)]
pub struct NeverRuns<T>(PhantomData<fn() -> T>);

/// The answer for a critical section that is dropped.
#[derive(Debug)]
pub struct LocksNothing<T>(PhantomData<fn() -> T>);

/// A value that may be dropped.
#[diagnostic::on_unimplemented(
    message = "this call is dropped before it runs: nothing is scheduled until it is awaited",
    label = "never awaited",
    note = "add `.await`, or start it now and await it later: `let handle = ….spawn();` [D017]"
)]
pub trait Droppable {}

#[diagnostic::do_not_recommend]
impl Droppable for () {}

#[diagnostic::do_not_recommend]
impl<T> Droppable for LocksNothing<T> {}

/// A value that may be dropped, because it keeps nothing locked.
#[diagnostic::on_unimplemented(
    message = "this critical section ends at once: the value that keeps it open is dropped here",
    label = "the section ends here",
    note = "keep the value in a variable as long as the section must last: \
            `let mut account = lock!(…).await?;` [D017]"
)]
pub trait Releasable {}

#[diagnostic::do_not_recommend]
impl Releasable for () {}

#[diagnostic::do_not_recommend]
impl<T> Releasable for NeverRuns<T> {}

/// One or more parts of a critical section: the value of `lock!(…).await`, with or without its `?`.
pub trait Held {}

impl<T: Held> Held for Vec<T> {}

impl<T: Held, E> Held for Result<T, E> {}

macro_rules! held {
    ($($name:ident),+) => {
        impl<$($name: Held),+> Held for ($($name,)+) {}
    };
}

held!(A, B);
held!(A, B, C);
held!(A, B, C, D);
held!(A, B, C, D, E);
held!(A, B, C, D, E, F);
held!(A, B, C, D, E, F, G);
held!(A, B, C, D, E, F, G, H);

/// The answer for durable futures.
pub trait DroppedCall {
    /// A type that [`Droppable`] refuses.
    type Answer;
    /// Returns the answer.
    fn ask(&self) -> PhantomData<Self::Answer>;
}

// More references are tried first, so this is the answer for a value that is both.
impl<T: Durable> DroppedCall for &&DropProbe<'_, T> {
    type Answer = NeverRuns<T>;

    fn ask(&self) -> PhantomData<NeverRuns<T>> {
        PhantomData
    }
}

/// The answer for parts of critical sections.
pub trait DroppedSection {
    /// A type that [`Releasable`] refuses.
    type Answer;
    /// The answer.
    fn ask(&self) -> PhantomData<Self::Answer>;
}

impl<T: Held> DroppedSection for &DropProbe<'_, T> {
    type Answer = LocksNothing<T>;

    fn ask(&self) -> PhantomData<LocksNothing<T>> {
        PhantomData
    }
}

/// The answer for everything else.
pub trait DroppedValue {
    /// Returns the answer.
    fn ask(&self) -> PhantomData<()>;
}

impl<T> DroppedValue for DropProbe<'_, T> {
    fn ask(&self) -> PhantomData<()> {
        PhantomData
    }
}

/// Accepts an answer that allows the drop.
pub fn may_drop<A: Droppable + Releasable>(_answer: PhantomData<A>) {}
