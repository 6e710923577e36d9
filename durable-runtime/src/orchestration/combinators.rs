//! The durable futures: our own, and the combinators of `futures` over durable ones.
//!
//! The list has those combinators whose order of polling depends only on their input.

use std::future::Pending;
use std::future::Ready;
use std::ops::Deref;
use std::pin::Pin;

use futures_util::Stream;
use futures_util::future;
use futures_util::future::TryFuture;
use futures_util::stream;

use super::Call;
use super::ChildCall;
use super::ContinueAsNew;
use super::DetachedStart;
use super::Durable;
use super::DurableBox;
use super::DurableStream;
use super::EventWait;
use super::Events;
use super::Orchestrator;
use super::Retried;
use super::Select;
use super::SideEffect;
use super::Spawned;
use super::Timer;
use crate::activity::Activity;
use crate::machine::Branch;
use crate::machine::Cancellation;
use crate::machine::Shielded;

/// `impl<generics> Trait for Type {}` for each line. The error about a future that is not durable
/// must not recommend any of them.
macro_rules! marked {
    ($marker:ident: $([$($generics:tt)*] $name:ty;)+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $marker for $name {}
    )+};
}

// Our own futures.
marked! { Durable:
    [A: Activity] Call<A>;
    [O: Orchestrator] ChildCall<O>;
    [R] ContinueAsNew<R>;
    [] DetachedStart;
    [T] DurableBox<'_, T>;
    [E] EventWait<E>;
    [T, E] Retried<'_, T, E>;
    [A: Durable, B: Durable] Select<A, B>;
    [F, T] SideEffect<F, T>;
    [C: Durable] Spawned<C>;
    [] Timer;
    [F] Branch<F>;
    [] Cancellation;
    [F: Durable] Shielded<F>;
}

// Pointers, and futures of the standard library.
marked! { Durable:
    [F: Durable + ?Sized] &mut F;
    [F: Durable + ?Sized] Box<F>;
    [P: Deref<Target: Durable>] Pin<P>;
    [T] Pending<T>;
    [T] Ready<T>;
}

// Futures of `futures`.
marked! { Durable:
    [F: Durable] future::Abortable<F>;
    [A: Durable, B: Durable, G] future::AndThen<A, B, G>;
    [A: Durable, B: Durable] future::Either<A, B>;
    [F: Durable, E] future::ErrInto<F, E>;
    [F: Future<Output: Durable> + Durable] future::Flatten<F>;
    [F: Durable] future::Fuse<F>;
    [F: Durable, G] future::Inspect<F, G>;
    [F: Durable] future::IntoFuture<F>;
    [A: Future + Durable, B: Future + Durable] future::Join<A, B>;
    [A: Future + Durable, B: Future + Durable, C: Future + Durable] future::Join3<A, B, C>;
    [F: Future + Durable] future::JoinAll<F>;
    [F: Durable, G] future::Map<F, G>;
    [F: Durable, G] future::MapErr<F, G>;
    [F: Durable, T] future::MapInto<F, T>;
    [F: Durable, G] future::MapOk<F, G>;
    [F: Future + Durable] future::MaybeDone<F>;
    [F: Durable, T] future::OkInto<F, T>;
    [F: Durable] future::OptionFuture<F>;
    [A: Durable, B: Durable, G] future::OrElse<A, B, G>;
    [T] future::Pending<T>;
    [T] future::Ready<T>;
    [A: Durable, B: Durable] future::Select<A, B>;
    [F: Durable] future::SelectAll<F>;
    [F: Durable] future::SelectOk<F>;
    [A: Durable, B: Durable, G] future::Then<A, B, G>;
    [A: TryFuture + Durable, B: TryFuture + Durable] future::TryJoin<A, B>;
    [A: TryFuture + Durable, B: TryFuture + Durable, C: TryFuture + Durable]
        future::TryJoin3<A, B, C>;
    [F: TryFuture + Durable] future::TryJoinAll<F>;
    [A: Durable, B: Durable] future::TrySelect<A, B>;
    [F: Durable] future::UnitError<F>;
    [F: Durable, G] future::UnwrapOrElse<F, G>;
}

// Streams of `futures`, and ours.
marked! { DurableStream:
    [E] Events<E>;
    [S: DurableStream + ?Sized] &mut S;
    [S: DurableStream + ?Sized] Box<S>;
    [P: Deref<Target: DurableStream>] Pin<P>;
    [S: Stream<Item: Future + Durable> + DurableStream] stream::BufferUnordered<S>;
    [S: Stream<Item: Future + Durable> + DurableStream] stream::Buffered<S>;
    [A: DurableStream, B: DurableStream] stream::Chain<A, B>;
    [T] stream::Empty<T>;
    [S: DurableStream] stream::Enumerate<S>;
    [S: Stream + DurableStream, F: Durable, G] stream::Filter<S, F, G>;
    [S: DurableStream, F: Durable, G] stream::FilterMap<S, F, G>;
    [S: DurableStream] stream::Fuse<S>;
    [F: Future + Durable] stream::FuturesOrdered<F>;
    [F: Durable] stream::FuturesUnordered<F>;
    [I] stream::Iter<I>;
    [S: DurableStream, G] stream::Map<S, G>;
    [F: Future + Durable] stream::Once<F>;
    [S: Stream + DurableStream] stream::Peekable<S>;
    [A: DurableStream, B: DurableStream] stream::Select<A, B>;
    [S: DurableStream] stream::Skip<S>;
    [S: DurableStream] stream::Take<S>;
    [S: DurableStream, F: Durable, G] stream::Then<S, F, G>;
}

// Futures that take from streams.
marked! { Durable:
    [S: DurableStream, C] stream::Collect<S, C>;
    [S: DurableStream] stream::Count<S>;
    [S: DurableStream, F: Durable, T, G] stream::Fold<S, F, T, G>;
    [S: DurableStream, F: Durable, G] stream::ForEach<S, F, G>;
    [S: DurableStream + ?Sized] stream::Next<'_, S>;
    [S: DurableStream] stream::StreamFuture<S>;
    [S: DurableStream, C] stream::TryCollect<S, C>;
    [S: DurableStream + ?Sized] stream::TryNext<'_, S>;
}
