//! The handle through which user code reaches the execution that is being polled.

use std::cell::RefCell;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use uuid::Uuid;

use super::branch::Numbers;
use super::state::Identity;
use super::state::RoundEnd;
use super::state::State;
use super::wakes::Wakes;
use crate::clock::Timestamp;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;
use crate::salt::Use;

/// A handle on an execution: its identity, and the requests of its code to the machine.
#[derive(Clone)]
pub struct Cursor(Arc<Shared>);

pub(super) struct Shared {
    pub(super) identity: Identity,
    state: Mutex<State>,
    wakes: Arc<Wakes>,
}

/// Whose code runs on this thread, and in which branch.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) cursor: Cursor,
    pub(super) numbers: Arc<Numbers>,
    /// Whether what is called here goes on when the instance is cancelled.
    pub(super) shielded: bool,
}

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn current_frame() -> Option<Frame> {
    with_frame(Clone::clone)
}

/// Looks at the current frame, if there is one.
pub(super) fn with_frame<T>(look: impl FnOnce(&Frame) -> T) -> Option<T> {
    FRAMES
        .try_with(|frames| frames.try_borrow().ok()?.last().map(look))
        .ok()
        .flatten()
}

/// Whether this thread polls the execution whose wakes these are.
pub(super) fn is_polled_here(wakes: &Arc<Wakes>) -> bool {
    with_frame(|frame| Arc::ptr_eq(&frame.cursor.0.wakes, wakes)).unwrap_or(false)
}

/// Makes `frame` the current one until the guard is dropped.
pub(super) fn enter(frame: Frame) -> Entered {
    FRAMES.with_borrow_mut(|frames| frames.push(frame));
    Entered(())
}

pub(super) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        let left = FRAMES.try_with(|frames| frames.try_borrow_mut().ok()?.pop());
        drop(left);
    }
}

impl Cursor {
    /// Roughly how many bytes of memory it holds, calls that are open included.
    pub(super) fn size(&self) -> usize {
        size_of::<Shared>() + size_of::<Wakes>() + self.state().size()
    }

    pub(super) fn new(identity: Identity, state: State) -> Self {
        let (key, execution) = (identity.key, identity.execution);
        let (root, reports) = (Arc::clone(&identity.root), identity.outside.clone());
        Self(Arc::new(Shared {
            identity,
            state: Mutex::new(state),
            wakes: Arc::new(Wakes::new(key, execution, root, reports)),
        }))
    }

    /// Returns the execution whose code runs on this thread now, if any.
    pub fn current() -> Option<Self> {
        current_frame().map(|frame| frame.cursor)
    }

    /// Whether this thread runs the code of this very execution right now.
    pub(super) fn is_current(&self) -> bool {
        with_frame(|frame| Arc::ptr_eq(&frame.cursor.0, &self.0)).unwrap_or(false)
    }

    /// Returns whether this thread is running the code of this very execution. If not, the instance
    /// stalls, because on replay the action at `site` would happen at another moment or not at all.
    pub fn is_inside(&self, what: &str, site: &dyn fmt::Display) -> bool {
        let inside = self.is_current();
        if !inside {
            self.wakes().reach_into(|| {
                format!(
                    "{what} outside its orchestrator ({site}): do that in the orchestrator itself, \
                     not in a spawned task or on another thread"
                )
            });
        }
        inside
    }

    pub(super) fn wakes(&self) -> &Arc<Wakes> {
        &self.0.wakes
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Returns the time of the message that is being processed; it never goes back.
    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Returns a number that is the same on every replay.
    #[track_caller]
    pub fn random(&self) -> u64 {
        self.is_inside("a random value was asked for", Location::caller());
        let count = self.state().next_random();
        let identity = self.identity();
        let draw = format_args!("{}\u{1f}{count}", identity.execution);
        first_half(identity.salt.hash(Use::Random, draw))
    }

    /// Returns an id that is the same on every replay.
    #[track_caller]
    pub fn new_uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.random().to_be_bytes());
        bytes[8..].copy_from_slice(&self.random().to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Returns whether the code that runs now has run before.
    pub fn is_replaying(&self) -> bool {
        self.state().is_replaying()
    }

    /// Returns the id of the instance.
    pub fn instance_id(&self) -> &InstanceId {
        &self.identity().id
    }

    /// Returns the number of the execution.
    pub fn execution(&self) -> Execution {
        self.identity().execution
    }

    /// Returns the instance that waits for this one's result.
    pub fn parent(&self) -> Option<&InstanceId> {
        self.identity()
            .parent
            .as_ref()
            .map(|parent| &parent.instance)
    }

    /// Sets the custom status. A status that is too large fails the instance.
    #[track_caller]
    pub fn set_custom_status(&self, status: Payload) {
        self.is_inside("the status was set", Location::caller());
        let limit = self.identity().limits.custom_status_bytes;
        let mut state = self.state();
        if status.len() > limit && !state.is_replaying() {
            state.end_round(RoundEnd::Failed(too_large(
                "the custom status",
                status.len(),
                limit,
            )));
        } else {
            state.custom_status = Some(status);
        }
    }

    /// Records a local value, or returns the recorded one.
    ///
    /// # Errors
    /// The error that `value` returns; nothing is recorded then.
    pub fn side_effect(
        &self,
        site: &SourcePlace,
        value: impl FnOnce() -> Result<Payload, CodecError>,
    ) -> Result<Payload, CodecError> {
        let path = self.take_path();
        if let Some(recorded) = self.state().recorded_side_effect(&path, site) {
            return Ok(recorded);
        }
        let value = value()?;
        self.state()
            .record_side_effect(self.identity(), path, value.clone(), site);
        Ok(value)
    }

    /// Returns whether the change named `change` applies to this execution. It does not apply to an
    /// execution that passed this place before the change was made.
    #[track_caller]
    pub fn patched(&self, change: &str) -> bool {
        self.is_inside("`patched` was asked", Location::caller());
        self.state().patched(change)
    }

    /// Ends this execution after this poll and begins another with `input`. The caller stays
    /// pending.
    pub fn continue_as_new(&self, input: Option<Payload>) {
        self.state().end_round(RoundEnd::ContinuedAsNew(input));
    }

    /// Fails the instance after this poll. The caller stays pending.
    pub fn fail(&self, failure: Failure) {
        self.state().end_round(RoundEnd::Failed(failure));
    }

    /// Parks the instance, because it cannot continue with today's code. The caller stays pending.
    pub fn stall(&self, reason: String) {
        self.state().end_round(RoundEnd::Stalled(reason));
    }

    /// The path of the next call: in the current branch, or in the body when another thread asks.
    pub(super) fn take_path(&self) -> CallPath {
        let frame = current_frame().filter(|frame| Arc::ptr_eq(&frame.cursor.0, &self.0));
        let root = || Arc::clone(&self.identity().root);
        frame.map_or_else(root, |frame| frame.numbers).take()
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Cursor({}#{})",
            self.identity().id,
            self.identity().execution
        )
    }
}

pub(super) fn too_large(what: &str, actual: usize, limit: usize) -> Failure {
    Failure::LimitExceeded {
        what: what.to_owned(),
        actual: actual as u64,
        limit: limit as u64,
    }
}

fn first_half(hash: u128) -> u64 {
    (hash >> 64) as u64
}
