//! A suspended orchestration: the user's future with the state of its execution.

use std::fmt;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::Waker;

use futures_util::future::BoxFuture;

use super::checkpoint::after_checkpoint;
use super::config::Undecodable;
use super::cursor::Cursor;
use super::cursor::Frame;
use super::cursor::enter;
use super::delivery::Seen;
use super::effects::Effects;
use super::last_await;
use super::nondeterminism::Against;
use super::nondeterminism::Difference;
use super::script::Script;
use super::state::Identity;
use super::state::RoundEnd;
use super::state::State;
use super::twin::Twin;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::history::Checkpoint;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::panics;
use crate::payload::Payload;
use crate::work::ActivityTask;

/// How the body of an orchestrator ended.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub enum BodyEnd {
    /// It returned a value.
    Completed(Payload),
    /// It returned an error.
    Failed(CallError),
    /// It could not begin, for example because there is no code.
    Stalled(String),
    /// It did not begin, since its input is not what it takes. Whether it stalls or fails is a matter of
    /// [policy](super::Undecodable).
    NotBegun(Failure),
}

/// Starts an orchestrator's body.
pub type StartFn = dyn Fn(Cursor, Option<Payload>) -> BoxFuture<'static, BodyEnd> + Send + Sync;

/// A suspended orchestration that waits for its next message. Dropping it loses nothing.
pub struct Continuation {
    pub(super) cursor: Cursor,
    future: BoxFuture<'static, BodyEnd>,
    twin: Option<Twin>,
    /// The number that the next turn will have.
    pub(super) next_turn: u64,
    /// How many bytes its history has.
    pub(super) history_bytes: usize,
}

/// How a round ended.
#[must_use]
#[derive(Debug)]
pub(super) enum Round {
    /// It waits. What it decided is here.
    Waits(Decided),
    /// The body ended, or began anew; the terminal event is the last decision.
    Ended(Decided),
    /// It cannot go on with this code; nothing of the round counts.
    Stalled(String),
    /// It differs from what was recorded, or from what its twin does; nothing of the round counts.
    Differs(Difference, Against),
}

/// What a round decided, in a fixed order.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) events: Vec<HistoryEvent>,
    pub(super) effects: Effects,
    /// What the round had decided when it failed, and which does not count.
    pub(super) discarded: Option<Discarded>,
}

/// What a round that failed had decided before.
#[derive(Debug)]
pub(super) struct Discarded {
    pub(super) events: Vec<HistoryEvent>,
    /// Whether it panicked; else it came to a limit.
    pub(super) panicked: bool,
}

/// How many bytes of memory events take that bring values.
fn bytes_of(events: &[HistoryEvent]) -> usize {
    let payloads = events.iter().map(|event| match event {
        HistoryEvent::ActivityCompleted { result, .. }
        | HistoryEvent::ChildCompleted { result, .. }
        | HistoryEvent::EntityCompleted { result, .. } => result.len(),
        HistoryEvent::EventRaised { payload, .. } => payload.len(),
        HistoryEvent::SideEffectRecorded { value, .. } => value.len(),
        HistoryEvent::ExecutionStarted { input, .. }
        | HistoryEvent::ActivityScheduled { input, .. } => input.as_ref().map_or(0, Payload::len),
        _ => 0,
    });
    size_of_val(events) + payloads.sum::<usize>()
}

impl Continuation {
    /// An orchestration from its beginning, or from a checkpoint.
    pub(super) fn new(
        identity: Identity,
        start: &StartFn,
        input: Option<Payload>,
        perturb: bool,
        from: Option<&Checkpoint>,
    ) -> Self {
        let of_twin = perturb.then(|| (identity.of_twin(), input.clone()));
        let state = from.map_or_else(State::default, State::resumed);
        let cursor = Cursor::new(identity, state);
        // Code that panics before it returns a future fails its instance in the first round.
        let future = panics::catch(|| start(cursor.clone(), input)).unwrap_or_else(|failure| {
            cursor.state().end_round(RoundEnd::Failed(failure));
            Box::pin(std::future::pending())
        });
        let twin = of_twin.map(|(identity, input)| Twin::new(identity, start, input, from));
        Self {
            cursor,
            future,
            twin,
            next_turn: 1,
            history_bytes: 0,
        }
    }

    /// Returns roughly how many bytes of memory it holds. What its code keeps on the heap is unknown;
    /// most of that came in with the history.
    pub fn size(&self) -> usize {
        let twin = self.twin.as_ref().map_or(0, Twin::size);
        size_of::<Self>()
            + size_of_val(&*self.future)
            + self.cursor.size()
            + self.history_bytes
            + twin
    }

    /// Counts what a round recorded, from its last checkpoint on.
    pub(super) fn recorded(&mut self, incoming: Option<&HistoryEvent>, decided: &[HistoryEvent]) {
        self.cursor.state().gather(incoming.iter().count(), decided);
        if let Some(rest) = after_checkpoint(decided) {
            self.history_bytes = bytes_of(rest);
        } else {
            let incoming = incoming.map_or(0, |event| bytes_of(std::slice::from_ref(event)));
            self.history_bytes += incoming + bytes_of(decided);
        }
    }

    /// Returns whether an attempt of an activity is running, which a worker that takes over must
    /// know.
    pub fn has_running_attempts(&self) -> bool {
        self.cursor.state().has_running_attempts()
    }

    /// Returns when the first of its timers is due, if it waits for nothing else. An event may still
    /// arrive earlier.
    pub fn sleeps_until(&self) -> Option<Timestamp> {
        self.cursor.state().sleeps_until()
    }

    /// Returns the number of its next turn.
    pub fn next_turn(&self) -> u64 {
        self.next_turn
    }

    /// Returns the attempts that are running by the history, and that `is_running` does not know.
    pub fn unstarted_attempts(&self, is_running: &dyn Fn(&CallPath) -> bool) -> Vec<ActivityTask> {
        self.cursor
            .state()
            .unstarted_attempts(self.cursor.identity(), is_running)
    }

    /// Changes the table of calls as the incoming `event` says, and wakes whoever waits.
    pub(super) fn deliver(&mut self, event: &HistoryEvent) -> Seen {
        let delivering = self.cursor.wakes().deliver();
        let seen = self.cursor.state().deliver(self.cursor.identity(), event);
        drop(delivering);
        if let Some(twin) = &mut self.twin {
            twin.deliver(event);
        }
        seen
    }

    /// Polls the body until it is quiet, after an incoming event was delivered. What was `recorded`
    /// for the round it must decide again. A twin must decide the same.
    pub(super) fn round(&mut self, recorded: Option<&[HistoryEvent]>) -> Round {
        let round = self.round_of_body(recorded.map(Script::new));
        match &mut self.twin {
            Some(twin) => twin.compare(round, recorded),
            None => round,
        }
    }

    /// The round without a twin.
    pub(super) fn round_of_body(&mut self, script: Option<Script>) -> Round {
        self.cursor.state().begin_round(script);
        let body = self.poll_until_quiet();
        if let Some(reason) = self.cursor.wakes().reached_into() {
            return Round::Stalled(reason.to_owned());
        }
        let mut state = self.cursor.state();
        if let Some(reason) = state.not_resumed() {
            state.end_first(RoundEnd::Stalled(reason));
        }
        let mut decided = Decided {
            events: std::mem::take(&mut state.decisions),
            effects: std::mem::take(&mut state.effects),
            discarded: None,
        };
        let script = state.script.take();
        let end = match (state.round_end.take(), body) {
            (Some(RoundEnd::Stalled(reason)), _)
            | (None, Quiet::Ended(BodyEnd::Stalled(reason))) => {
                return Round::Stalled(reason);
            }
            (Some(RoundEnd::Differs(difference)), _) => {
                return Round::Differs(difference, Against::History);
            }
            (Some(RoundEnd::Failed(failure)), _) | (_, Quiet::Panicked(failure)) => {
                // What the poll decided before it failed does not count; what was recorded before
                // and is over now still has to end.
                state.restore_custom_status();
                let panicked = matches!(failure, Failure::Panicked { .. });
                decided = Decided {
                    events: Vec::new(),
                    effects: decided.effects.only_ends(),
                    discarded: Some(Discarded {
                        events: decided.events,
                        panicked,
                    }),
                };
                let error = failure.into();
                return ended(script, decided, HistoryEvent::ExecutionFailed { error });
            }
            (Some(RoundEnd::ContinuedAsNew(input)), _) => HistoryEvent::ContinuedAsNew { input },
            (None, Quiet::Spins(polls)) => {
                let place = self.cursor.identity().root.place();
                return Round::Stalled(spins(polls, &place));
            }
            (None, Quiet::Waits) => {
                let place = self.cursor.identity().root.place();
                return waits(&state, script.as_ref(), decided, &place);
            }
            (None, Quiet::Ended(BodyEnd::Completed(result))) => {
                HistoryEvent::ExecutionCompleted { result }
            }
            (None, Quiet::Ended(BodyEnd::Failed(error))) => HistoryEvent::ExecutionFailed { error },
            (None, Quiet::Ended(BodyEnd::NotBegun(failure))) => {
                // What has begun is not failed by code that takes another input now.
                let policy = self.cursor.identity().undecodable_input;
                let fails = match &script {
                    Some(script) => script.fails(),
                    None => policy == Undecodable::Fail,
                };
                if !fails {
                    return Round::Stalled(failure.to_string());
                }
                let error = failure.into();
                HistoryEvent::ExecutionFailed { error }
            }
        };
        drop(state);
        sort(&mut decided.events);
        ended(script, decided, end)
    }

    fn poll_until_quiet(&mut self) -> Quiet {
        let root = Arc::clone(&self.cursor.identity().root);
        if let Some(site) = root.site() {
            last_await::note(site);
        }
        let frame = Frame {
            cursor: self.cursor.clone(),
            numbers: root,
            shielded: false,
        };
        let noted = Arc::clone(self.cursor.wakes());
        let waker = Waker::from(Arc::clone(&noted));
        for polls in 1.. {
            noted.begin_poll();
            let polled = panics::catch(|| {
                let _entered = enter(frame.clone());
                self.future.as_mut().poll(&mut Context::from_waker(&waker))
            });
            match polled {
                Err(failure) => return Quiet::Panicked(failure),
                Ok(Poll::Ready(end)) => return Quiet::Ended(end),
                Ok(Poll::Pending) => {}
            }
            let state = self.cursor.state();
            if state.round_end.is_some() || !noted.again() {
                return Quiet::Waits;
            }
            // Counted anew each time: the polls that make the calls are among those that combinators
            // of combinators need.
            if polls >= 64 + 2 * state.calls.len() {
                return Quiet::Spins(polls);
            }
        }
        Quiet::Waits
    }
}

impl Drop for Continuation {
    /// Takes the future apart where nothing of it can do harm: its locals may panic, and wakers that
    /// own parts of it would keep it, and themselves, alive.
    fn drop(&mut self) {
        self.cursor.wakes().close();
        let future = std::mem::replace(&mut self.future, Box::pin(std::future::pending()));
        let calls = std::mem::take(&mut self.cursor.state().calls);
        for parts in [
            panics::catch(move || drop(future)),
            panics::catch(move || drop(calls)),
        ] {
            if let Err(failure) = parts {
                tracing::warn!(cursor = ?self.cursor, %failure, "an orchestration was dropped");
            }
        }
    }
}

impl fmt::Debug for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Continuation")
            .field("cursor", &self.cursor)
            .field("next_turn", &self.next_turn)
            .finish_non_exhaustive()
    }
}

/// How polling came to rest.
#[derive(Debug)]
enum Quiet {
    Waits,
    Ended(BodyEnd),
    Panicked(Failure),
    Spins(usize),
}

fn spins(polls: usize, place: &str) -> String {
    format!(
        "the orchestrator woke itself in each of {polls} polls{place} without anything durable happening: \
         await only durable operations in it"
    )
}

fn waits(state: &State, script: Option<&Script>, mut decided: Decided, place: &str) -> Round {
    let missing = script.and_then(|script| match script.end() {
        Some(end) => {
            let (recorded, current) = (Some(Box::new(end.clone())), None);
            Some(Difference::OtherEnd { recorded, current })
        }
        None => script.left_over(),
    });
    if let Some(difference) = missing {
        return Round::Differs(difference, Against::History);
    }
    if !state.is_waiting() {
        return Round::Stalled(format!(
            "the orchestrator waits{place} for something that is not durable and would wait for ever: \
             await only activities, sub-orchestrations, timers and events of its context"
        ));
    }
    sort(&mut decided.events);
    Round::Waits(decided)
}

fn ended(script: Option<Script>, mut decided: Decided, end: HistoryEvent) -> Round {
    if let Some(script) = script {
        let same = script
            .end()
            .is_some_and(|recorded| same_end(recorded, &end));
        if !same {
            // Where nothing ended, what should have gone on says more than nothing.
            let recorded = script.end().cloned().or_else(|| script.first_left_over());
            let recorded = recorded.map(Box::new);
            let current = Some(Box::new(end));
            let difference = Difference::OtherEnd { recorded, current };
            return Round::Differs(difference, Against::History);
        }
        if let Some(difference) = script.left_over() {
            return Round::Differs(difference, Against::History);
        }
    }
    decided.events.push(end);
    Round::Ended(decided)
}

fn same_end(recorded: &HistoryEvent, current: &HistoryEvent) -> bool {
    use HistoryEvent::ContinuedAsNew;
    use HistoryEvent::ExecutionCompleted;
    use HistoryEvent::ExecutionFailed;
    match (recorded, current) {
        (ExecutionCompleted { result: a }, ExecutionCompleted { result: b }) => a.same_value(b),
        (ContinuedAsNew { input: a }, ContinuedAsNew { input: b }) => match (a, b) {
            (Some(a), Some(b)) => a.same_value(b),
            (a, b) => a.is_none() && b.is_none(),
        },
        (ExecutionFailed { error: a }, ExecutionFailed { error: b }) => match (a, b) {
            (CallError::Error(a), CallError::Error(b)) => a.value.same_value(&b.value),
            // A panic's place moves when the source is edited.
            (CallError::Failure(a), CallError::Failure(b)) => {
                std::mem::discriminant(a) == std::mem::discriminant(b)
            }
            _ => false,
        },
        _ => false,
    }
}

/// Brings the decisions of a round into the order in which they are recorded: by call path, so that
/// the order in which one poll visits its futures leaves no trace.
fn sort(decisions: &mut [HistoryEvent]) {
    let is_checkpoint =
        |event: &HistoryEvent| matches!(event, HistoryEvent::CheckpointTaken { .. });
    // A checkpoint parts what was decided before it from what comes after it.
    let stretches = decisions.split_mut(is_checkpoint);
    stretches.for_each(sort_stretch);
}

fn sort_stretch(decisions: &mut [HistoryEvent]) {
    fn key(event: &HistoryEvent) -> (bool, Option<&CallPath>, bool) {
        let cancelled = matches!(event, HistoryEvent::CallCancelled { .. });
        (event.path().is_some(), event.path(), cancelled)
    }
    decisions.sort_by(|a, b| key(a).cmp(&key(b)));
}
