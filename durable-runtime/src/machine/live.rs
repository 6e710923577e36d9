//! Messages to an execution whose code is running.

use super::continuation::Continuation;
use super::continuation::Decided;
use super::continuation::Round;
use super::delivery::Seen;
use super::ending::Ending;
use super::ending::is_of_another_call;
use super::nondeterminism::Nondeterminism;
use super::turn::Turn;
use crate::history::HistoryEvent;
use crate::work::Message;
use crate::work::MessageBody;

/// What a message led to.
#[must_use]
#[derive(Debug)]
pub(super) enum Step {
    GoesOn,
    Ended,
    /// It is to keep what comes from now on.
    Suspended,
    /// The code cannot go on; the message is still to be dealt with.
    Stalled(String),
}

/// Takes one message.
pub(super) fn take(
    turn: &mut Turn<'_>,
    continuation: &mut Continuation,
    message: &Message,
) -> Step {
    if let Some(ending) = Ending::asked_by(&message.body, &turn.row) {
        ending.end(turn, continuation);
        return Step::Ended;
    }
    let identity = continuation.cursor.identity();
    let state = continuation.cursor.state();
    let event = match &message.body {
        MessageBody::Suspend => return Step::Suspended,
        MessageBody::Cancel { by_parent, .. }
            if is_of_another_call(by_parent.as_ref(), &turn.row) =>
        {
            None
        }
        MessageBody::Cancel { grace, .. } => {
            state.cancel_requested(message.at, turn.now.max(state.now) + *grace)
        }
        body => state.incoming(identity, message.at, body),
    };
    drop(state);
    match event {
        Some(event) => turn.run(continuation, event),
        None => Step::GoesOn,
    }
}

impl Turn<'_> {
    /// Delivers an incoming event, and polls the orchestrator if it sees it.
    pub(super) fn run(&mut self, continuation: &mut Continuation, event: HistoryEvent) -> Step {
        if continuation.deliver(&event) == Seen::No {
            let effects = std::mem::take(&mut continuation.cursor.state().effects);
            let decided = Decided {
                effects,
                ..Decided::default()
            };
            self.keep(continuation, event, decided);
            return Step::GoesOn;
        }
        match continuation.round(None) {
            Round::Waits(decided) => {
                self.keep(continuation, event, decided);
                Step::GoesOn
            }
            Round::Ended(decided) => {
                let discarded = decided.discarded.is_some();
                self.keep(continuation, event, decided);
                let told = continuation.cursor.state().cancelling.deadline.is_some();
                // A panic is a failure whatever was asked for.
                let cancelled = told && !discarded;
                let ending = Ending::of_body(self.events.last(), cancelled);
                ending.end_recorded(self, continuation, discarded);
                Step::Ended
            }
            Round::Stalled(reason) => Step::Stalled(reason),
            Round::Differs(difference, against) => {
                let report = Nondeterminism {
                    turn: self.place.1,
                    against,
                    difference,
                };
                Step::Stalled(report.report(&self.line_of()))
            }
        }
    }

    fn keep(&mut self, continuation: &mut Continuation, event: HistoryEvent, decided: Decided) {
        continuation.recorded(Some(&event), &decided.events);
        let status = &continuation.cursor.state().custom_status;
        self.row.custom_status.clone_from(status);
        self.events.push(event);
        self.events.extend(decided.events);
        self.effects.absorb(decided.effects);
    }
}
