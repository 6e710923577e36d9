//! A durable call as a future, below all types.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use super::branch::place_of_await;
use super::cancellation::is_shielded;
use super::cursor::Cursor;
use super::cursor::current_frame;
use super::section::Section;
use crate::clock::Timestamp;
use crate::definition::CallOptions;
use crate::definition::SourcePlace;
use crate::failure::CallResult;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;

/// Decodes recorded arguments as today's type and encodes them again, so that a replay can
/// distinguish a changed input from a type that has grown.
pub type Reencode = fn(Option<&Payload>) -> Result<Option<Payload>, CodecError>;

/// The request of a call.
#[derive(Debug, Clone)]
pub enum CallRequest {
    /// An activity.
    Activity {
        /// Its name.
        name: &'static str,
        /// Its arguments, or why they have no recorded form.
        input: Result<Option<Payload>, CodecError>,
        /// For comparing with recorded arguments.
        reencode: Reencode,
        /// The options of the call.
        options: CallOptions,
    },
    /// A sub-orchestration.
    Child {
        /// Its name.
        name: &'static str,
        /// Its version.
        version: &'static str,
        /// Its id, if the caller chose one.
        id: Option<InstanceId>,
        /// Its arguments, or why they have no recorded form.
        input: Result<Option<Payload>, CodecError>,
        /// For comparing with recorded arguments.
        reencode: Reencode,
        /// The options of the call.
        options: CallOptions,
        /// Whether it is detached: the call then completes at once with the child's id.
        detached: bool,
    },
    /// A durable timer, due at this time.
    TimerAt(Timestamp),
    /// A durable timer, due this long after the call is first polled.
    TimerAfter(Duration),
    /// The next external event with a name.
    Event {
        /// Its name.
        name: &'static str,
    },
    /// An operation of an entity whose answer the caller waits for.
    EntityCall {
        /// The entity.
        entity: EntityId,
        /// The operation.
        operation: &'static str,
        /// Its arguments, or why they have no recorded form.
        input: Result<Option<Payload>, CodecError>,
        /// For comparing with recorded arguments.
        reencode: Reencode,
        /// The lock in whose critical section it is called.
        lock: Option<CallPath>,
        /// The options of the call.
        options: CallOptions,
    },
    /// An operation of an entity without an answer; completes at once.
    EntitySignal {
        /// The entity.
        entity: EntityId,
        /// The operation.
        operation: &'static str,
        /// Its arguments, or why they have no recorded form.
        input: Result<Option<Payload>, CodecError>,
        /// For comparing with recorded arguments.
        reencode: Reencode,
        /// How long after the first poll it is due.
        delay: Option<Duration>,
    },
    /// A lock of entities.
    Lock {
        /// The entities, in any order.
        entities: Vec<EntityId>,
    },
}

/// A durable call: lazy, [`Unpin`] and [`Send`].
///
/// It takes its number when it is made. Timers, signals and locks yield `null`; events yield their
/// value.
///
/// # Replay
/// Records its schedule when it is first polled. On replay it must be the call that was recorded
/// under its path; it completes if its completion is in the history. If you drop it while the
/// orchestration runs, it is cancelled durably.
#[derive(Debug)]
#[must_use = "a durable call does nothing until it is awaited or spawned"]
pub struct RawCall {
    place: Option<(Cursor, CallPath)>,
    request: CallRequest,
    site: SourcePlace,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Made,
    Scheduled,
    Finished,
}

impl RawCall {
    /// Creates a call that takes the next number of the branch that runs on this thread.
    pub fn new(request: CallRequest, site: SourcePlace) -> Self {
        let place = current_frame().map(|frame| (frame.cursor, frame.numbers.take()));
        Self {
            place,
            request,
            site,
            stage: Stage::Made,
        }
    }

    /// Returns the request of the call.
    pub fn request(&self) -> &CallRequest {
        &self.request
    }

    /// Returns the request of the call while it can still be changed: until it is scheduled.
    pub fn request_mut(&mut self) -> Option<&mut CallRequest> {
        (self.stage == Stage::Made).then_some(&mut self.request)
    }

    /// Returns the place of the call in the source.
    pub fn site(&self) -> &SourcePlace {
        &self.site
    }

    /// Returns the execution that made the call; `None` outside an orchestration.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.place.as_ref().map(|(cursor, _)| cursor)
    }

    /// Schedules the call now, and not at its first poll.
    ///
    /// # Panics
    /// Panics outside an orchestration.
    pub fn schedule(&mut self) {
        let (cursor, _) = self.place();
        if self.stage == Stage::Made && cursor.is_inside(POLLED, &self.site) {
            self.find_site();
            let shielded = is_shielded();
            let (cursor, path) = self.place();
            let mut state = cursor.state();
            state.open(cursor.identity(), path, &self.request, &self.site, shielded);
            drop(state);
            self.stage = Stage::Scheduled;
        }
    }

    /// Finds the user's own place. The standard library calls a function that is passed by name, as
    /// in `.map(charge)`; the await that schedules the call is the place in the user's source.
    fn find_site(&mut self) {
        if self.site.is_of_the_standard_library()
            && let Some(place) = place_of_await()
        {
            self.site = place;
        }
    }

    /// Records as rejected the event that this call just yielded, and waits for the next one.
    pub fn reject(&mut self, reason: String) {
        if let (Some((cursor, path)), CallRequest::Event { .. }) = (&self.place, &self.request) {
            cursor.state().reject_event(path, reason, &self.site);
            self.stage = Stage::Scheduled;
        }
    }

    /// Returns the critical section of a granted lock. The section ends when you drop it.
    pub fn section(&self) -> Option<Section> {
        let granted = self.stage == Stage::Finished;
        let (cursor, path) = self.place.as_ref().filter(|_| granted)?;
        Some(Section::new(
            cursor.clone(),
            path.clone(),
            self.site.clone(),
        ))
    }

    fn place(&self) -> (&Cursor, &CallPath) {
        match &self.place {
            Some((cursor, path)) => (cursor, path),
            None => panic!(
                "a durable call was awaited outside an orchestrator ({}): await it in a function \
                 with `#[orchestrator]`, or start it through a client [D038]",
                self.site
            ),
        }
    }
}

const POLLED: &str = "a durable call was polled";
const DROPPED: &str = "a durable call was dropped";

impl Future for RawCall {
    type Output = CallResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CallResult> {
        let this = self.get_mut();
        this.schedule();
        let (cursor, path) = this.place();
        if !cursor.is_inside(POLLED, &this.site) {
            return Poll::Pending;
        }
        let (polled, unused) = cursor.state().poll_call(path, cx.waker().clone());
        drop(unused);
        if polled.is_ready() {
            this.stage = Stage::Finished;
        }
        polled
    }
}

impl Drop for RawCall {
    /// Cancels only while this very execution runs on this thread and does not unwind: an evicted
    /// or crashed orchestration must leave its calls open.
    fn drop(&mut self) {
        if self.stage != Stage::Scheduled || std::thread::panicking() {
            return;
        }
        if let Some((cursor, path)) = &self.place
            && cursor.is_inside(DROPPED, &self.site)
        {
            let (closed, served) = cursor.state().cancel(cursor.identity(), path, &self.site);
            drop(closed);
            if let Some(waker) = served {
                waker.wake();
            }
        }
    }
}
