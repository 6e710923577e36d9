//! What an orchestrator asks of its orchestration.

use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::time::Duration;

use uuid::Uuid;

use super::ChildCall;
use super::ContinueAsNew;
use super::Declares;
use super::DetachedStart;
use super::Event;
use super::EventWait;
use super::Events;
use super::IntoArguments;
use super::Log;
use super::Orchestrator;
use super::Random;
use super::Reports;
use super::SideEffect;
use super::Timer;
use crate::clock::Timestamp;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::ids::InstanceId;
use crate::machine::CallRequest;
use crate::machine::Cancellation;
use crate::machine::Cursor;
use crate::machine::Shielded;
use crate::machine::shielded;
use crate::payload::Arguments;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::payload::Recorded;

/// The context of an orchestration.
///
/// An orchestrator writes `ctx: &OrchestrationContext`; `#[orchestrator]` fills in its own type, so
/// that status, events and continue-as-new have the types it declares. Such a context derefs to the
/// one without a type, which helpers take.
///
/// ```
/// use durable_runtime::prelude::*;
///
/// #[orchestrator]
/// async fn remind(ctx: &OrchestrationContext, of: String) -> String {
///     wait_until_morning(ctx).await;
///     ctx.log().info("it is time");
///     format!("{}: {of}", ctx.now())
/// }
///
/// #[orchestrator(inline)]
/// async fn wait_until_morning(ctx: &OrchestrationContext) {
///     ctx.sleep(hours(8)).await;
/// }
/// ```
pub struct OrchestrationContext<O: ContextOf = Untyped> {
    core: O::Core,
}

/// The context of no orchestrator in particular: what helpers take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untyped {}

/// What a context can be the context of: an [`Orchestrator`], or [`Untyped`].
pub trait ContextOf {
    /// What such a context holds.
    type Core: Send + Sync;
    /// What the next execution is given.
    type Arguments;
    /// What the function returns.
    type Return;
}

impl ContextOf for Untyped {
    type Core = Cursor;
    type Arguments = Untyped;
    type Return = ();
}

impl<O: Orchestrator> ContextOf for O {
    type Core = OrchestrationContext;
    type Arguments = O::Arguments;
    type Return = O::Return;
}

/// An orchestrator, which has events, a status and arguments; [`Untyped`] is none.
#[diagnostic::on_unimplemented(
    message = "this context does not know its orchestrator: it has no events, status and arguments",
    label = "needs the context of one orchestrator",
    note = "write `ctx: &OrchestrationContext<my_orchestrator>`, with the name of the orchestrator \
            that calls this function [D022]"
)]
pub trait KnowsOrchestrator: ContextOf<Core = OrchestrationContext> {
    /// The recorded form of what the next execution is given.
    #[expect(clippy::missing_errors_doc, reason = "it has no recorded form")]
    fn encode(arguments: &Self::Arguments) -> Result<Option<Payload>, CodecError>;
}

#[diagnostic::do_not_recommend]
impl<O: Orchestrator> KnowsOrchestrator for O {
    fn encode(arguments: &O::Arguments) -> Result<Option<Payload>, CodecError> {
        Arguments::encode(arguments)
    }
}

impl<O: Orchestrator> Deref for OrchestrationContext<O> {
    type Target = OrchestrationContext;

    fn deref(&self) -> &OrchestrationContext {
        &self.core
    }
}

impl<O: ContextOf> fmt::Debug for OrchestrationContext<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrchestrationContext")
    }
}

impl<O: Orchestrator> OrchestrationContext<O> {
    pub(super) fn new(cursor: Cursor) -> Self {
        Self {
            core: OrchestrationContext { core: cursor },
        }
    }
}

impl<O: ContextOf> OrchestrationContext<O> {
    /// Waits for the next event of type `E`, which the orchestrator must declare. Events that came
    /// before are kept, first in, first out. One that does not decode is recorded as rejected, and
    /// the wait goes on.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// #[derive(Event, serde::Serialize, serde::Deserialize)]
    /// struct Approval {
    ///     by: String,
    /// }
    ///
    /// #[orchestrator(events(Approval))]
    /// async fn approve(ctx: &OrchestrationContext) -> Option<String> {
    ///     select! {
    ///         approval = ctx.wait_for::<Approval>() => Some(approval.by),
    ///         _ = ctx.sleep(hours(48)) => None,
    ///     }
    /// }
    /// ```
    ///
    /// # Replay
    /// Records `WaitStarted` when it is first polled. On replay it returns the event that was
    /// recorded for it. Dropped before it read its event, it gives the event back.
    #[track_caller]
    pub fn wait_for<E: Event>(&self) -> EventWait<E>
    where
        O: KnowsOrchestrator + Declares<E>,
    {
        EventWait::new(here(Location::caller()))
    }

    /// All events of type `E`, one after another.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # use futures_util::StreamExt;
    /// # #[derive(Event, serde::Serialize, serde::Deserialize)]
    /// # struct Bid { cents: u64 }
    /// #[orchestrator(events(Bid))]
    /// async fn auction(ctx: &OrchestrationContext) -> u64 {
    ///     let bids = ctx.events::<Bid>().take(3).collect::<Vec<_>>().await;
    ///     bids.iter().map(|bid| bid.cents).max().unwrap_or(0)
    /// }
    /// ```
    ///
    /// # Replay
    /// Each event that is taken is a [`wait_for`](Self::wait_for) of its own.
    #[track_caller]
    pub fn events<E: Event>(&self) -> Events<E>
    where
        O: KnowsOrchestrator + Declares<E>,
    {
        Events::new(here(Location::caller()))
    }

    /// Sets the custom status, which the orchestrator must declare, and clients see. The last one set in a turn wins.
    ///
    /// # Replay
    /// Records nothing in the history; the status is stored with the instance.
    ///
    /// A status that has no recorded form fails the instance with [`Failure::Codec`].
    #[expect(clippy::needless_pass_by_value, reason = "what is set is given away")]
    #[track_caller]
    pub fn set_status<S: Recorded>(&self, status: S)
    where
        O: KnowsOrchestrator + Reports<S>,
    {
        match status.to_payload() {
            Ok(status) => self.core.core.set_custom_status(status),
            Err(error) => self.core.core.fail(Failure::Codec(error)),
        }
    }

    /// Ends this execution and begins the next one with these arguments: one as itself, several as
    /// a tuple, none as `()`. Unread events go along.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// #[orchestrator]
    /// async fn count(ctx: &OrchestrationContext, n: u64) -> u64 {
    ///     ctx.sleep(hours(1)).await;
    ///     if n < 1_000 {
    ///         return ctx.continue_as_new(n + 1).await;
    ///     }
    ///     n
    /// }
    /// ```
    ///
    /// # Replay
    /// Records `ContinuedAsNew`, the last event of this execution's history. Arguments that have no
    /// recorded form fail the instance with [`Failure::Codec`].
    #[track_caller]
    pub fn continue_as_new(
        &self,
        arguments: impl IntoArguments<O::Arguments>,
    ) -> ContinueAsNew<O::Return>
    where
        O: KnowsOrchestrator,
    {
        let site = here(Location::caller());
        let input = O::encode(&arguments.into_arguments());
        ContinueAsNew::new(self.core.core.clone(), site, input)
    }
}

impl OrchestrationContext {
    /// The time of the message that is being processed. It never goes back.
    ///
    /// # Replay
    /// The same at the same place.
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// A new id, which nobody can compute who does not read the hub.
    ///
    /// # Replay
    /// The same at the same place; another one after continue-as-new, after a restart, and for any
    /// other instance, also of this id.
    #[track_caller]
    pub fn new_uuid(&self) -> Uuid {
        self.core.new_uuid()
    }

    /// A random value: a whole number, a `bool`, or an `f64` from 0 up to 1.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator(inline)]
    /// # async fn example(ctx: &OrchestrationContext) {
    /// let share: f64 = ctx.random();
    /// let die = ctx.random::<u32>() % 6 + 1;
    /// # }
    /// ```
    ///
    /// # Replay
    /// The same at the same place; another one after continue-as-new.
    #[track_caller]
    pub fn random<T: Random>(&self) -> T {
        T::from_bits(self.core.random())
    }

    /// Whether what runs now has run before. For logs and the like: what an orchestrator does must
    /// not depend on it.
    ///
    /// # Replay
    /// True while a history is replayed.
    pub fn is_replaying(&self) -> bool {
        self.core.is_replaying()
    }

    /// The id of this instance.
    ///
    /// # Replay
    /// Always the same.
    pub fn instance_id(&self) -> &InstanceId {
        self.core.instance_id()
    }

    /// The instance that waits for this one's result, if this is a sub-orchestration.
    ///
    /// # Replay
    /// Always the same.
    pub fn parent(&self) -> Option<&InstanceId> {
        self.core.parent()
    }

    /// Waits for `duration`, however long, across restarts.
    ///
    /// # Replay
    /// Records `TimerCreated` when it is first polled. On replay it returns at once when
    /// `TimerFired` is in the history. Dropping it cancels the timer.
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> Timer {
        Timer::new(CallRequest::TimerAfter(duration), here(Location::caller()))
    }

    /// Waits until `due`; not at all if that is past.
    ///
    /// # Replay
    /// As [`sleep`](Self::sleep).
    #[track_caller]
    pub fn sleep_until(&self, due: Timestamp) -> Timer {
        Timer::new(CallRequest::TimerAt(due), here(Location::caller()))
    }

    /// Starts an orchestration that lives on by itself, and yields its id. Nobody waits for its
    /// result.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator]
    /// # async fn clean_up(_ctx: &OrchestrationContext) {}
    /// #[orchestrator]
    /// async fn finish(ctx: &OrchestrationContext) -> Result<(), Failure> {
    ///     ctx.start_detached(clean_up().id("clean-up")).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Replay
    /// Records `ChildScheduled` when it is first polled, and returns the recorded id.
    pub fn start_detached<O: Orchestrator>(&self, call: ChildCall<O>) -> DetachedStart {
        DetachedStart::new(call)
    }

    /// Computes a local value once: what is quick, has no effect outside, and would come out
    /// differently the next time. Anything else is an activity.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator(inline)]
    /// # async fn example(ctx: &OrchestrationContext) {
    /// let cores = ctx.side_effect(|| std::thread::available_parallelism().map_or(1, usize::from)).await;
    /// # }
    /// ```
    ///
    /// # Replay
    /// Records `SideEffectRecorded`. On replay it returns what was recorded and computes nothing.
    ///
    /// A value that has no recorded form fails the instance with [`Failure::Codec`].
    #[track_caller]
    pub fn side_effect<T: Recorded, F: FnOnce() -> T>(&self, compute: F) -> SideEffect<F, T> {
        SideEffect::new(self.core.clone(), here(Location::caller()), compute)
    }

    /// Whether a change of the code applies to this execution: not to one that passed this place
    /// before the change was made.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[orchestrator(inline)]
    /// # async fn example(ctx: &OrchestrationContext) {
    /// let grace = if ctx.patched("longer-grace") { hours(72) } else { hours(48) };
    /// # }
    /// ```
    ///
    /// # Replay
    /// Records `PatchMarked` with the answer, once for each change. On replay the answer is the
    /// same.
    #[track_caller]
    pub fn patched(&self, change: &str) -> bool {
        self.core.patched(change)
    }

    /// Completes when the instance is cancelled. Race with it what does not end by itself then: timers
    /// and waits. Calls that yield a `Result` fail with [`Failure::Cancelled`](crate::Failure).
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// #[orchestrator]
    /// async fn nap(ctx: &OrchestrationContext) -> Result<(), Failure> {
    ///     select! {
    ///         _ = ctx.sleep(hours(8)) => Ok(()),
    ///         _ = ctx.cancellation() => Err(Failure::Cancelled),
    ///     }
    /// }
    /// ```
    ///
    /// # Replay
    /// Records nothing: that the instance was cancelled is in its history.
    pub fn cancellation(&self) -> Cancellation {
        self.core.cancellation()
    }

    /// Cleans up: calls that `block` makes go on when the instance is cancelled, and can be made
    /// after that. There is an end to it: what is not done within the grace period of the
    /// cancellation is terminated.
    ///
    /// ```
    /// # use durable_runtime::prelude::*;
    /// # #[activity]
    /// # async fn charge(cents: u64) -> u64 { cents }
    /// # #[activity]
    /// # async fn ship(cents: u64) -> u64 { cents }
    /// # #[activity]
    /// # async fn refund(cents: u64) -> u64 { cents }
    /// #[orchestrator]
    /// async fn order(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
    ///     charge(cents).await?;
    ///     let shipped = ship(cents).await;
    ///     if shipped.is_err() {
    ///         ctx.shielded(async { refund(cents).await }).await?;
    ///     }
    ///     shipped
    /// }
    /// ```
    ///
    /// # Replay
    /// Records nothing; what `block` does is recorded as ever.
    pub fn shielded<F: Future>(&self, block: F) -> Shielded<F> {
        shielded(block)
    }

    /// Logs through `tracing`, once for each line, however often the orchestration is replayed.
    ///
    /// # Replay
    /// Records nothing, and logs nothing while it replays.
    pub fn log(&self) -> Log<'_> {
        Log::new(&self.core)
    }
}

fn here(location: &Location<'_>) -> SourcePlace {
    SourcePlace::of(location)
}
