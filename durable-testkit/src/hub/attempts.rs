//! The running attempts of activities. Each waits at a gate until the hub lets it run, and leaves a
//! record of its call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use durable_runtime::Payload;
use durable_runtime::Timestamp;
use durable_runtime::activity::AttemptEnd;
use durable_runtime::definition::Callee;
use tokio::sync::Notify;
use tokio::sync::oneshot;

use crate::lock::lock;

/// One call of a function, as it was made.
#[derive(Debug, Clone)]
pub(crate) struct CallRecord {
    pub(crate) callee: Callee,
    pub(crate) input: Option<Payload>,
    /// The same for all attempts of one call; of a sub-orchestration its instance.
    pub(crate) key: String,
    /// Whether it has begun; before that it waits at the gate.
    pub(crate) begun: bool,
    /// Whether a crash took it before its result was recorded: it is made again, with the same answer.
    pub(crate) lost: bool,
    /// How much was written when it ended, and whether it had an effect.
    pub(crate) ended: Option<(usize, bool)>,
}

/// What an attempt waits for.
#[derive(Debug)]
enum Stage {
    /// The hub lets it run.
    AtTheGate(oneshot::Sender<()>),
    /// Its body runs.
    Running,
    /// It has run for so long that nobody waits for it any more.
    LeftAlone,
}

#[derive(Debug)]
struct Open {
    name: &'static str,
    /// Among the calls of the activity, from 0.
    number: u64,
    ready_at: Timestamp,
    stage: Stage,
}

/// An attempt at the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) ticket: u64,
    pub(crate) name: &'static str,
    /// Among the calls of the activity, from 0.
    pub(crate) number: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Attempts {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    tickets: u64,
    open: BTreeMap<u64, Open>,
    calls: Vec<CallRecord>,
    panic: Option<String>,
}

impl Attempts {
    /// What is left of the calls of another hub when it had written so much.
    pub(crate) fn past(&self, written: usize) -> Self {
        let calls = lock(&self.state).calls.clone().into_iter();
        let past = calls.filter(|call| call.ended.is_some_and(|(at, _)| at < written));
        let state = State {
            calls: past.collect(),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            changed: Notify::new(),
        }
    }

    /// Records a call; returns its number among the calls of its callee, and its place.
    pub(crate) fn call(&self, record: CallRecord) -> (u64, usize) {
        let mut state = lock(&self.state);
        let same = |call: &&CallRecord| call.callee == record.callee && !call.lost;
        let number = state.calls.iter().filter(same).count() as u64;
        state.calls.push(record);
        (number, state.calls.len() - 1)
    }

    /// The number of a call that may be made again by a replay: one for each instance.
    pub(crate) fn call_of_instance(&self, record: CallRecord) -> u64 {
        let state = lock(&self.state);
        let mut same = state
            .calls
            .iter()
            .filter(|call| call.callee == record.callee);
        let known = same.position(|call| call.key == record.key);
        drop(state);
        known.map_or_else(|| self.call(record).0, |number| number as u64)
    }

    /// Marks the calls that a crash took; `recorded` says whether what had ended when so much was
    /// written is recorded.
    pub(crate) fn lose(&self, recorded: &dyn Fn(usize) -> bool) {
        for call in &mut lock(&self.state).calls {
            let is_made_again = matches!(call.callee, Callee::Activity(_) | Callee::Operation(..));
            call.lost |= is_made_again && !call.ended.is_some_and(|(at, _)| recorded(at));
        }
    }

    pub(crate) fn begun(&self, place: usize) {
        if let Some(call) = lock(&self.state).calls.get_mut(place) {
            call.begun = true;
        }
    }

    pub(crate) fn ended(&self, place: usize, written: usize, end: &AttemptEnd) {
        if let Some(call) = lock(&self.state).calls.get_mut(place) {
            call.ended = Some((written, matches!(end, AttemptEnd::Completed(_))));
        }
    }

    /// The calls of `callee`, in the order in which they were made.
    pub(crate) fn calls_of(&self, callee: Callee) -> Vec<CallRecord> {
        let calls = self.calls().into_iter();
        calls.filter(|call| call.callee == callee).collect()
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        lock(&self.state).calls.clone()
    }

    /// Keeps the first panic of a mock, which fails the test and not the activity.
    pub(crate) fn panicked(&self, message: String) {
        lock(&self.state).panic.get_or_insert(message);
    }

    pub(crate) fn take_panic(&self) -> Option<String> {
        lock(&self.state).panic.take()
    }

    /// Puts an attempt at the gate.
    pub(crate) fn arrive(
        self: &Arc<Self>,
        name: &'static str,
        number: u64,
        ready_at: Timestamp,
    ) -> Ticket {
        let (open_gate, gate) = oneshot::channel();
        let open = Open {
            name,
            number,
            ready_at,
            stage: Stage::AtTheGate(open_gate),
        };
        let mut state = lock(&self.state);
        state.tickets += 1;
        let number = state.tickets;
        state.open.insert(number, open);
        Ticket {
            attempts: Arc::clone(self),
            number,
            gate: Some(gate),
        }
    }

    /// The attempts that can be let run at `now`, in the order in which they came.
    pub(crate) fn ready(&self, now: Timestamp) -> Vec<Ready> {
        let state = lock(&self.state);
        let open = state.open.iter();
        let ready = open.filter(|(_, open)| open.is_at_the_gate() && open.ready_at <= now);
        let ready = ready.map(|(ticket, open)| Ready {
            ticket: *ticket,
            name: open.name,
            number: open.number,
        });
        ready.collect()
    }

    /// When the next attempt will be ready that is not at `now`.
    pub(crate) fn next_ready(&self, now: Timestamp) -> Option<Timestamp> {
        let state = lock(&self.state);
        let open = state.open.values().filter(|open| open.is_at_the_gate());
        let later = open.map(|open| open.ready_at).filter(|at| *at > now);
        later.min()
    }

    /// Lets an attempt run.
    pub(crate) fn release(&self, ticket: u64) {
        if let Some(open) = lock(&self.state).open.get_mut(&ticket) {
            let gate = std::mem::replace(&mut open.stage, Stage::Running);
            if let Stage::AtTheGate(gate) = gate {
                // Whoever waited may be gone: then there is nothing to let run.
                let _gone = gate.send(());
            }
        }
    }

    pub(crate) fn is_open(&self, ticket: u64) -> bool {
        lock(&self.state).open.contains_key(&ticket)
    }

    /// How many attempts are at the gate or beyond it.
    pub(crate) fn open(&self) -> usize {
        lock(&self.state).open.len()
    }

    /// Whether there are attempts that run and are waited for.
    pub(crate) fn any_running(&self) -> bool {
        let state = lock(&self.state);
        let mut open = state.open.values();
        open.any(|open| matches!(open.stage, Stage::Running))
    }

    /// Waits no longer for those that run.
    pub(crate) fn leave_running_alone(&self) {
        for open in lock(&self.state).open.values_mut() {
            if matches!(open.stage, Stage::Running) {
                open.stage = Stage::LeftAlone;
            }
        }
    }

    /// Completes when an attempt ends.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl Open {
    fn is_at_the_gate(&self) -> bool {
        matches!(&self.stage, Stage::AtTheGate(gate) if !gate.is_closed())
    }
}

/// The hold of an attempt on its entry; dropped with the attempt.
#[derive(Debug)]
pub(crate) struct Ticket {
    attempts: Arc<Attempts>,
    number: u64,
    gate: Option<oneshot::Receiver<()>>,
}

impl Ticket {
    /// Completes when the hub lets the attempt run.
    pub(crate) async fn released(&mut self) {
        let released = match self.gate.take() {
            Some(gate) => gate.await,
            None => return,
        };
        if released.is_err() {
            // The hub is gone; so will this attempt be.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.attempts.state).open.remove(&self.number);
        self.attempts.changed.notify_one();
    }
}
