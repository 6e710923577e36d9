//! How an execution ends, and what remains to be done then.

use super::calls::CallKind;
use super::continuation::Continuation;
use super::turn::Turn;
use crate::clock::Timestamp;
use crate::failure::CallError;
use crate::failure::Failure;
use crate::history::ExternalEvent;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::history::ParentLink;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::Payload;
use crate::work::Address;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::NewInstance;
use crate::work::Next;
use crate::work::OutgoingMessage;
use crate::work::Output;
use crate::work::TimerKind;

/// How an execution ends.
#[derive(Debug)]
pub(super) enum Ending {
    Completed(Payload),
    Failed(CallError),
    ContinuedAsNew(Option<Payload>),
    Terminated {
        reason: String,
        /// Whether its children end with it.
        recursive: bool,
    },
    /// Cancelled from outside; with the error that it returned, if it had begun.
    Canceled(Option<CallError>),
    Replaced(Box<NewInstance>),
}

impl Ending {
    /// The end that a message asks for.
    pub(super) fn asked_by(message: &MessageBody, row: &InstanceRow) -> Option<Self> {
        match message {
            MessageBody::Terminate { by_parent, .. }
                if is_of_another_call(by_parent.as_ref(), row) =>
            {
                None
            }
            MessageBody::Terminate {
                reason, recursive, ..
            } => Some(Self::Terminated {
                reason: reason.clone(),
                recursive: *recursive,
            }),
            MessageBody::TimerDue {
                execution,
                kind: TimerKind::Grace,
                ..
            } if *execution == row.execution => Some(Self::Terminated {
                reason: "it was cancelled, and went on for longer than it may".to_owned(),
                recursive: true,
            }),
            MessageBody::Replace(new) => Some(Self::Replaced(new.clone())),
            _ => None,
        }
    }

    /// The end that a message asks for while nothing was begun: then a cancellation is one.
    pub(super) fn asked_before_start(message: &MessageBody, row: &InstanceRow) -> Option<Self> {
        match message {
            MessageBody::Cancel { by_parent, .. }
                if !is_of_another_call(by_parent.as_ref(), row) =>
            {
                Some(Self::Canceled(None))
            }
            _ => Self::asked_by(message, row),
        }
    }

    /// The end that the body came to, by its terminal event. One that was `cancelled` is told apart
    /// from one that failed.
    pub(super) fn of_body(event: Option<&HistoryEvent>, cancelled: bool) -> Self {
        match event {
            Some(HistoryEvent::ExecutionCompleted { result }) => Self::Completed(result.clone()),
            Some(HistoryEvent::ContinuedAsNew { input }) => Self::ContinuedAsNew(input.clone()),
            Some(HistoryEvent::ExecutionFailed { error }) if cancelled => {
                Self::Canceled(Some(error.clone()))
            }
            Some(HistoryEvent::ExecutionFailed { error }) => Self::Failed(error.clone()),
            _ => Self::Failed(Failure::Cancelled.into()),
        }
    }

    /// Ends a running execution from outside.
    pub(super) fn end(self, turn: &mut Turn<'_>, continuation: &Continuation) {
        turn.place.1 = continuation.next_turn;
        let at = turn.now.max(continuation.cursor.state().now);
        turn.events.push(self.event(at));
        self.end_recorded(turn, continuation, false);
    }

    /// Ends a running execution whose terminal event is recorded: undoes what is open. Where the
    /// last round was `discarded`, the calls it made were never begun.
    pub(super) fn end_recorded(
        self,
        turn: &mut Turn<'_>,
        continuation: &Continuation,
        discarded: bool,
    ) {
        let mut state = continuation.cursor.state();
        turn.row.custom_status.clone_from(&state.custom_status);
        let unrecorded = if discarded { state.round } else { u64::MAX };
        let calls = std::mem::take(&mut state.calls);
        for (path, call) in &calls {
            let ends = self.ends_children() && !mutant(Mutant::ChildrenLiveOn)
                || !matches!(call.kind, CallKind::Child(_));
            if call.is_pending() && call.round < unrecorded && ends {
                state.closed(path, &call.kind);
            }
        }
        state.unlock_all(unrecorded);
        turn.effects.absorb(std::mem::take(&mut state.effects));
        let unread = state.events.unread();
        let deadline = state.cancelling.deadline;
        drop(state);
        let begins_anew = matches!(self, Self::ContinuedAsNew(_));
        self.finish(turn, unread);
        if let Some(deadline) = deadline.filter(|_| begins_anew) {
            cancel_next_execution(turn, deadline);
        }
    }

    fn ends_children(&self) -> bool {
        !matches!(
            self,
            Self::Terminated {
                recursive: false,
                ..
            }
        )
    }

    /// Ends an execution whose code is not run.
    /// `others` are the messages that came with the one that asks for the end.
    pub(super) fn end_without_code(
        self,
        turn: &mut Turn<'_>,
        history: &History,
        others: &[Message],
    ) {
        if history.is_empty() {
            // What was carried to an execution that never begins is among its unread events.
            let carried = others.iter().find_map(carried_by).unwrap_or_default();
            turn.events.push(turn.started_event(turn.now, carried));
        }
        let last = history.events().filter_map(HistoryEvent::at).last();
        let at = last.map_or(turn.now, |last| turn.now.max(last));
        turn.events.push(self.event(at));
        if self.ends_children() {
            turn.terminate_open_children(history);
        }
        turn.unlock_open_sections(history);
        self.finish(turn, Vec::new());
    }

    fn event(&self, at: Timestamp) -> HistoryEvent {
        let reason = match self {
            Self::Terminated { reason, .. } => reason.clone(),
            Self::Canceled(_) => "cancelled before it began".to_owned(),
            _ => "replaced by another start under its id".to_owned(),
        };
        HistoryEvent::ExecutionTerminated { at, reason }
    }

    /// Events that nobody read stay in the history, which tells of them.
    fn finish(self, turn: &mut Turn<'_>, unread: Vec<ExternalEvent>) {
        turn.next = Next::ExecutionEnded;
        turn.row.stalled = None;
        let row = &mut turn.row;
        match self {
            Self::ContinuedAsNew(input) => continue_as_new(turn, input, unread),
            Self::Completed(result) => {
                row.status = InstanceStatus::Completed;
                row.output = Some(Output::Completed(result.clone()));
                turn.reply(Ok(result));
            }
            Self::Failed(error) => {
                row.status = InstanceStatus::Failed;
                row.output = Some(Output::Failed(error.clone()));
                turn.reply(Err(error));
            }
            Self::Canceled(error) => {
                row.status = InstanceStatus::Canceled;
                row.output = Some(Output::Canceled(error));
                turn.reply(Err(Failure::Cancelled.into()));
            }
            Self::Terminated { reason, .. } => {
                row.status = InstanceStatus::Terminated;
                row.output = Some(Output::Terminated(reason.clone()));
                turn.reply(Err(Failure::Terminated { reason }.into()));
            }
            Self::Replaced(new) => {
                let reason = "replaced by another start under its id".to_owned();
                row.status = InstanceStatus::Terminated;
                row.output = Some(Output::Terminated(reason.clone()));
                turn.write.replacement = Some(new);
                turn.reply(Err(Failure::Terminated { reason }.into()));
            }
        }
    }
}

/// The next execution is begun by a message of the instance to itself, so that its beginning is a
/// commit of its own.
fn continue_as_new(turn: &mut Turn<'_>, input: Option<Payload>, mut carried: Vec<ExternalEvent>) {
    if mutant(Mutant::ContinueAsNewLosesUnread) {
        carried.clear();
    }
    turn.row.status = InstanceStatus::Running;
    turn.row.execution = turn.row.execution.next();
    turn.row.input = input;
    turn.write.unread = Some(carried.len() as u64);
    let body = MessageBody::Start {
        execution: turn.row.execution,
        carried,
    };
    let to = Address::Key(turn.row.key);
    turn.write.sends.push(OutgoingMessage::new(to, body));
}

/// The next execution is cancelled too, in the time that is left.
fn cancel_next_execution(turn: &mut Turn<'_>, deadline: Timestamp) {
    let body = MessageBody::Cancel {
        grace: deadline.since(turn.now),
        by_parent: None,
    };
    let to = Address::Key(turn.row.key);
    turn.write.sends.push(OutgoingMessage::new(to, body));
}

/// Whether a parent asks for something of the child of another call than the one that made this
/// instance.
pub(super) fn is_of_another_call(by_parent: Option<&ParentLink>, row: &InstanceRow) -> bool {
    by_parent.is_some() && by_parent != row.parent.as_ref()
}

/// What the execution before handed on, if the message begins an execution.
fn carried_by(message: &Message) -> Option<Vec<ExternalEvent>> {
    match &message.body {
        MessageBody::Start { carried, .. } => Some(carried.clone()),
        _ => None,
    }
}

/// What was carried to an execution that never begins stays in the inbox, where it is listed, unless
/// the end of that execution tells of it.
fn keep_carried(turn: &mut Turn<'_>, events: &[ExternalEvent]) {
    let told = turn.events.iter().any(|event| {
        matches!(event, HistoryEvent::ExecutionStarted { carried, .. } if carried == events)
    });
    if told {
        return;
    }
    for ExternalEvent { name, payload, .. } in events.iter().cloned() {
        let body = MessageBody::EventRaised { name, payload };
        let to = Address::Key(turn.row.key);
        turn.write.sends.push(OutgoingMessage::parked(to, body));
    }
}

/// Deals with messages that came too late for an execution that is over. The next execution, if
/// there is one, gets all that are stored.
pub(super) fn leave_over(turn: &mut Turn<'_>, messages: Vec<Message>) {
    let begins_anew = !turn.row.status.is_terminal() || turn.write.replacement.is_some();
    if begins_anew {
        if mutant(Mutant::ContinueAsNewLosesInbox) {
            for message in &messages {
                turn.consume(message);
            }
        }
        return;
    }
    let replaced_at = messages
        .iter()
        .position(|message| matches!(message.body, MessageBody::Replace(_)));
    let mut messages = messages;
    if let Some(at) = replaced_at {
        // What came before is the old instance's, and goes with it.
        messages.truncate(at + 1);
        for message in messages.drain(..at) {
            turn.consume(&message);
        }
    }
    for message in messages {
        match (&message.body, message.id) {
            (MessageBody::EventRaised { .. }, Some(id)) => turn.write.parked.push(id),
            (MessageBody::Start { carried, .. }, _) => {
                keep_carried(turn, carried);
                turn.consume(&message);
            }
            (MessageBody::Replace(new), _) => {
                turn.consume(&message);
                turn.write.replacement = Some(new.clone());
                return;
            }
            (MessageBody::Terminate { .. }, _) if mutant(Mutant::StatusOverwritten) => {
                turn.row.status = InstanceStatus::Terminated;
                turn.consume(&message);
            }
            _ => turn.consume(&message),
        }
    }
}
