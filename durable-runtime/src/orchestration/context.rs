//! The context of an orchestration.

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
/// An orchestrator writes `ctx: &OrchestrationContext`. `#[orchestrator]` fills in its own type, so
/// that status, events and continue-as-new have the types that it declares. Such a context
/// dereferences to the untyped one, which helpers take.
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

/// Stands for no orchestrator in particular: in the context of helpers, and for an
/// [`Instance`](crate::client::Instance) whose types are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untyped {}

/// The type parameter of a context: an [`Orchestrator`], or [`Untyped`].
pub trait ContextOf {
    /// The contents of such a context.
    type Core: Send + Sync;
    /// The arguments of the next execution.
    type Arguments;
    /// The function's return type.
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

/// An orchestrator, which has events, a status and arguments; [`Untyped`] is not one.
#[diagnostic::on_unimplemented(
    message = "this context does not name its orchestrator, so it has no events, status or \
               arguments",
    label = "needs the context of a specific orchestrator",
    note = "write `ctx: &OrchestrationContext<my_orchestrator>`, with the name of the orchestrator \
            that calls this function [D022]"
)]
pub trait KnowsOrchestrator: ContextOf<Core = OrchestrationContext> {
    /// The recorded arguments of the next execution.
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
    /// earlier are kept and come first, oldest first. An event that does not decode is recorded as
    /// rejected, and the wait continues.
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
    /// recorded for it. If you drop it before it has read its event, the event stays unread.
    #[track_caller]
    pub fn wait_for<E: Event>(&self) -> EventWait<E>
    where
        O: KnowsOrchestrator + Declares<E>,
    {
        EventWait::new(here(Location::caller()))
    }

    /// Returns a stream of all events of type `E`.
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
    /// Each event of the stream is a [`wait_for`](Self::wait_for) of its own.
    #[track_caller]
    pub fn events<E: Event>(&self) -> Events<E>
    where
        O: KnowsOrchestrator + Declares<E>,
    {
        Events::new(here(Location::caller()))
    }

    /// Sets the custom status, which the orchestrator must declare and which clients see. The last one
    /// set in a turn wins.
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
            // Not a result of this method: `set_status` is called for its effect, and an error
            // nobody looks at would leave an old status behind.
            Err(error) => self.core.core.fail(Failure::Codec(error)),
        }
    }

    /// Ends this execution and begins the next one with these arguments: a single argument as it
    /// is, several as a tuple, none as `()`. The next execution takes over the unread events.
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
    /// Returns the time of the message that is being processed. It never goes back.
    ///
    /// # Replay
    /// Returns the same value at the same place.
    pub fn now(&self) -> Timestamp {
        self.core.now()
    }

    /// Returns a new id. Nobody can compute it without reading the hub.
    ///
    /// # Replay
    /// Returns the same value at the same place. The value is different after continue-as-new,
    /// after a restart, and in any other instance, even one with the same id.
    #[track_caller]
    pub fn new_uuid(&self) -> Uuid {
        self.core.new_uuid()
    }

    /// Returns a random value: a whole number, a `bool`, or an `f64` from 0 up to 1.
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
    /// Returns the same value at the same place, and a different one after continue-as-new.
    #[track_caller]
    pub fn random<T: Random>(&self) -> T {
        T::from_bits(self.core.random())
    }

    /// Returns whether the code that runs now has run before. Use it for logs and the like; the
    /// decisions of an orchestrator must not depend on it.
    ///
    /// # Replay
    /// True while a history is replayed.
    pub fn is_replaying(&self) -> bool {
        self.core.is_replaying()
    }

    /// Returns the id of this instance.
    ///
    /// # Replay
    /// Always returns the same value.
    pub fn instance_id(&self) -> &InstanceId {
        self.core.instance_id()
    }

    /// Returns the instance that waits for this one's result, if this is a sub-orchestration.
    ///
    /// # Replay
    /// Always returns the same value.
    pub fn parent(&self) -> Option<&InstanceId> {
        self.core.parent()
    }

    /// Waits for `duration`, however long it is, across restarts.
    ///
    /// # Replay
    /// Records `TimerCreated` when it is first polled. On replay it returns at once if `TimerFired`
    /// is in the history. If you drop it, the timer is cancelled.
    #[track_caller]
    pub fn sleep(&self, duration: Duration) -> Timer {
        Timer::new(CallRequest::TimerAfter(duration), here(Location::caller()))
    }

    /// Waits until `due`; returns at once if that is past.
    ///
    /// # Replay
    /// Records the same as [`sleep`](Self::sleep).
    #[track_caller]
    pub fn sleep_until(&self, due: Timestamp) -> Timer {
        Timer::new(CallRequest::TimerAt(due), here(Location::caller()))
    }

    /// Starts an orchestration that outlives this one, and returns its id. Nobody waits for its
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

    /// Computes a local value once. Use it for a value that is quick to compute, has no effect
    /// outside, and would be different the next time. Use an activity for anything else.
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
    /// Records `SideEffectRecorded`. On replay it returns the recorded value and computes nothing.
    ///
    /// A value that has no recorded form fails the instance with [`Failure::Codec`].
    #[track_caller]
    pub fn side_effect<T: Recorded, F: FnOnce() -> T>(&self, compute: F) -> SideEffect<F, T> {
        SideEffect::new(self.core.clone(), here(Location::caller()), compute)
    }

    /// Returns whether a change of the code applies to this execution. It does not apply to an
    /// execution that passed this place before the change was made.
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

    /// Completes when the instance is cancelled. Race it with timers and waits, because these do
    /// not end by themselves then. Calls that yield a `Result` fail with
    /// [`Failure::Cancelled`](crate::Failure).
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
    /// Records nothing: the history already says that the instance was cancelled.
    pub fn cancellation(&self) -> Cancellation {
        self.core.cancellation()
    }

    /// Runs what a cancellation must not stop: the calls that `block` makes continue when the
    /// instance is cancelled, and `block` can make new ones after that. The time is limited: when
    /// the grace period of the cancellation is over, the instance is terminated.
    ///
    /// Shield the clean-up, and each call whose effect it would have to undo: a call that fails
    /// with [`Failure::Cancelled`](crate::Failure::Cancelled) may have had its effect.
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
    ///     ctx.shielded(charge(cents)).await?;
    ///     let shipped = ship(cents).await;
    ///     if shipped.is_err() {
    ///         ctx.shielded(async { refund(cents).await }).await?;
    ///     }
    ///     shipped
    /// }
    /// ```
    ///
    /// # Replay
    /// Records nothing for itself; the calls in `block` are recorded as usual.
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
