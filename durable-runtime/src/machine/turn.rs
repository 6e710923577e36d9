//! A turn: messages in, outcome out.

use super::config::Archive;
use super::config::Config;
use super::continuation::Continuation;
use super::continuation::StartFn;
use super::ending::Ending;
use super::ending::leave_over;
use super::live::Step;
use super::live::take;
use super::open::open_children;
use super::open::open_sections;
use super::replay::identity;
use super::section::OpenSection;
use super::suspension::Told;
use crate::failure::Failure;
use crate::history::FORMAT;
use crate::history::History;
use crate::history::HistoryEvent;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::machine::effects::Effects;
use crate::machine::effects::ToEntity;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::work::Address;
use crate::work::HistoryGone;
use crate::work::HistoryRow;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::InstanceUpdate;
use crate::work::LockHolder;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::Next;
use crate::work::Outcome;
use crate::work::OutgoingMessage;
use crate::work::Timer;
use crate::work::TimerId;
use crate::work::TimerKind;
use crate::work::TurnRequest;
use crate::work::TurnWrite;

/// The state of an instance before a turn.
#[derive(Debug)]
pub enum Position {
    /// Its execution has not begun.
    NotBegun,
    /// It waits, in memory.
    Live(Box<Continuation>),
    /// Its code cannot be run.
    Stopped {
        /// Its history.
        history: History,
        /// The reason, if it was found out just now.
        report: Option<String>,
    },
    /// It has ended.
    Over,
}

/// Makes a turn. Returns its outcome, and the continuation if the instance continues to wait.
pub fn turn(
    config: &Config,
    position: Position,
    start: &StartFn,
    request: TurnRequest,
) -> (Outcome, Option<Box<Continuation>>) {
    let TurnRequest {
        instance,
        messages,
        now,
    } = request;
    let mut turn = Turn::new(config, instance, now);
    let continuation = match position {
        Position::Over => {
            leave_over(&mut turn, messages);
            None
        }
        Position::Stopped { history, report } => {
            turn.stopped(&history, report, messages);
            None
        }
        Position::NotBegun => turn.begin(start, messages),
        Position::Live(continuation) => turn.go_on(continuation, messages),
    };
    (turn.outcome(continuation.as_deref()), continuation)
}

/// A turn that is being made.
pub(super) struct Turn<'a> {
    config: &'a Config,
    before: InstanceRow,
    pub(super) row: InstanceRow,
    pub(super) write: TurnWrite,
    pub(super) events: Vec<HistoryEvent>,
    pub(super) effects: Effects,
    pub(super) now: crate::clock::Timestamp,
    /// The execution and number of the turn.
    pub(super) place: (crate::ids::Execution, u64),
    pub(super) next: Next,
    /// Whether it has taken something that others see as done already.
    took_wish: bool,
}

impl<'a> Turn<'a> {
    fn new(config: &'a Config, instance: InstanceRow, now: crate::clock::Timestamp) -> Self {
        Self {
            config,
            row: instance.clone(),
            write: TurnWrite::new(instance.key, instance.unit),
            events: Vec::new(),
            effects: Effects::default(),
            now,
            place: (instance.execution, 1),
            next: Next::Wait,
            took_wish: false,
            before: instance,
        }
    }

    /// The first turn of an execution. Without its start message nothing but its end can happen.
    /// An end that was asked for before the start came is not overtaken by it.
    fn begin(&mut self, start: &StartFn, mut messages: Vec<Message>) -> Option<Box<Continuation>> {
        let execution = self.row.execution;
        let is_start = |message: &Message| match &message.body {
            MessageBody::Start {
                execution: begun, ..
            }
            | MessageBody::TimerDue {
                execution: begun,
                kind: TimerKind::Start,
                ..
            } => *begun == execution,
            _ => false,
        };
        let first = messages.iter().enumerate().find_map(|(at, message)| {
            let ending = Ending::asked_before_start(&message.body, &self.row);
            let suspends = matches!(message.body, MessageBody::Suspend);
            (ending.is_some() || suspends || is_start(message)).then_some((at, ending, suspends))
        });
        let Some((at, ending, suspends)) = first else {
            for message in messages {
                self.hold_until_begun(message);
            }
            return None;
        };
        let message = messages.remove(at);
        if let Some(ending) = ending {
            self.consume(&message);
            self.drop_before(&ending, &mut messages, at);
            self.end_before_start(ending, messages);
        } else if suspends {
            self.consume(&message);
            let later = messages.split_off(at);
            messages.retain(|message| self.is_kept_until_begun(message));
            messages.extend(later);
            if let Some((ending, others)) = self.suspended(messages, false) {
                self.end_before_start(ending, others);
            }
        } else {
            return self.started(start, &message, messages);
        }
        None
    }

    fn end_before_start(&mut self, ending: Ending, others: Vec<Message>) {
        self.write.timers_gone.push(self.start_timer());
        ending.end_without_code(self, &History::new(), &others);
        leave_over(self, others);
    }

    /// Keeps a message for the execution that will begin.
    fn hold_until_begun(&mut self, message: Message) {
        if self.is_kept_until_begun(&message) {
            self.hold(message);
        }
    }

    /// Whether a message is for the execution that will begin; one for an execution before it is
    /// fenced off at once.
    fn is_kept_until_begun(&mut self, message: &Message) -> bool {
        let kept = match message.body.execution() {
            Some(execution) => execution >= self.row.execution,
            None if matches!(message.body, MessageBody::EventRaised { .. }) => {
                !mutant(Mutant::EarlyEventLost)
            }
            None => !matches!(message.body, MessageBody::Resume),
        };
        if !kept {
            self.consume(message);
        }
        kept
    }

    fn start_timer(&self) -> TimerId {
        TimerId {
            key: self.row.key,
            execution: self.row.execution,
            path: CallPath::root(),
            kind: TimerKind::Start,
        }
    }

    fn started(
        &mut self,
        start: &StartFn,
        message: &Message,
        messages: Vec<Message>,
    ) -> Option<Box<Continuation>> {
        let carried = match &message.body {
            MessageBody::Start { carried, .. } => carried.clone(),
            _ => Vec::new(),
        };
        let event = self.started_event(message.at, carried);
        let identity = identity(self.config, &self.row);
        let input = self.row.input.clone();
        let mut continuation = Box::new(Continuation::new(
            identity,
            start,
            input,
            self.config.perturb,
            None,
        ));
        let step = self.run(&mut continuation, event);
        self.count_unread(&continuation);
        match step {
            Step::GoesOn => {
                self.consume(message);
                self.row.status = InstanceStatus::Running;
                self.go_on(continuation, messages)
            }
            Step::Ended => {
                self.consume(message);
                leave_over(self, messages);
                None
            }
            // The start is no such wish.
            Step::Suspended => None,
            Step::Stalled(report) => {
                let all = std::iter::once(message.clone()).chain(messages);
                self.stopped(&History::new(), Some(report), all.collect());
                None
            }
        }
    }

    pub(super) fn started_event(
        &self,
        at: crate::clock::Timestamp,
        carried: Vec<crate::history::ExternalEvent>,
    ) -> HistoryEvent {
        HistoryEvent::ExecutionStarted {
            at,
            name: self.row.name.clone(),
            version: self.row.version.clone(),
            salt: self.row.salt,
            input: self.row.input.clone(),
            parent: self.row.parent.clone(),
            tags: self.row.tags.clone(),
            carried,
            custom_status: self.row.custom_status.clone(),
        }
    }

    fn go_on(
        &mut self,
        mut continuation: Box<Continuation>,
        messages: Vec<Message>,
    ) -> Option<Box<Continuation>> {
        self.place.1 = continuation.next_turn;
        self.row.status = InstanceStatus::Running;
        self.row.stalled = None;
        let mut rest = messages.into_iter();
        while let Some(message) = rest.next() {
            let is_termination = matches!(message.body, MessageBody::Terminate { .. });
            let is_last = rest.as_slice().is_empty();
            if is_termination && !is_last && mutant(Mutant::TerminateNotLastIsDropped) {
                self.consume(&message);
                continue;
            }
            let step = take(self, &mut continuation, &message);
            self.count_unread(&continuation);
            match step {
                Step::GoesOn => self.consume(&message),
                Step::Ended if mutant(Mutant::GoesOnAfterItsEnd) => self.consume(&message),
                Step::Ended => {
                    self.consume(&message);
                    leave_over(self, rest.collect());
                    return None;
                }
                Step::Suspended => {
                    self.consume(&message);
                    if let Some((ending, others)) = self.suspended(rest.collect(), true) {
                        ending.end(self, &continuation);
                        leave_over(self, others);
                    }
                    return None;
                }
                Step::Stalled(report) => {
                    // An end, pause or resumption that was asked for stays where it is: it needs no
                    // code, so the next turn takes it.
                    let held = std::iter::once(message).chain(rest);
                    let held: Vec<_> = held.filter(|m| self.told(m).is_none()).collect();
                    self.hold_all(held.into_iter());
                    self.stall(report);
                    return None;
                }
            }
        }
        if !self.events.is_empty() {
            continuation.next_turn += 1;
        }
        Some(continuation)
    }

    /// A turn of an instance whose code is not run, because it cannot be or because it is suspended:
    /// it can be ended, suspended and resumed, all else is kept.
    fn stopped(&mut self, history: &History, report: Option<String>, mut messages: Vec<Message>) {
        self.place.1 = history.next_turn();
        if self.row.status == InstanceStatus::Suspended {
            return self.stay_suspended(history, messages);
        }
        self.next = Next::Stalled;
        let mut all = messages.iter().enumerate();
        let first = all.find_map(|(at, message)| Some((at, self.told(message)?)));
        let Some((at, told)) = first else {
            self.hold_all(messages.into_iter());
            if let Some(report) = report {
                self.stall(report);
            }
            return;
        };
        self.consume(&messages.remove(at));
        if let Told::End(ending) = told {
            self.drop_before(&ending, &mut messages, at);
            ending.end_without_code(self, history, &messages);
            return leave_over(self, messages);
        }
        let later = messages.split_off(at);
        self.hold_all(messages.into_iter());
        if let Told::Suspend = told {
            self.stay_suspended(history, later);
        } else {
            // It stays stalled until it is loaded and found to go on.
            self.next = Next::Resumed;
            self.leave_for_later(later, true);
        }
    }

    fn stay_suspended(&mut self, history: &History, messages: Vec<Message>) {
        if let Some((ending, others)) = self.suspended(messages, !history.is_empty()) {
            ending.end_without_code(self, history, &others);
            leave_over(self, others);
        }
    }

    /// Notes how many events are unread, once some of them were read.
    fn count_unread(&mut self, continuation: &Continuation) {
        let unread = continuation.cursor.state().events.take_unread();
        self.write.unread = unread.or(self.write.unread);
    }

    pub(super) fn stall(&mut self, report: String) {
        self.row.status = InstanceStatus::Stalled;
        self.row.stalled = Some(report);
        self.next = Next::Stalled;
    }

    pub(super) fn line_of(&self) -> fn(&str, usize) -> Option<String> {
        self.config.line_of
    }

    pub(super) fn consume(&mut self, message: &Message) {
        self.write.consumed.extend(message.id);
        self.took_wish |= message.body.is_wish();
        if let MessageBody::TimerDue {
            execution,
            path,
            kind,
        } = &message.body
        {
            let id = TimerId {
                key: self.row.key,
                execution: *execution,
                path: path.clone(),
                kind: *kind,
            };
            self.write.timers_gone.push(id);
        }
    }

    fn hold_all(&mut self, messages: impl Iterator<Item = Message>) {
        messages.for_each(|message| self.hold(message));
    }

    /// Keeps a message for later. One that was never stored is stored now, a timer that has fired in
    /// place of its row: that would be due again and again, before all others.
    pub(super) fn hold(&mut self, message: Message) {
        match message.id {
            Some(id) => self.write.parked.push(id),
            None if mutant(Mutant::StalledTimerLost) => self.consume(&message),
            None => self.store(message, true),
        }
    }

    /// Tells the parent, if one waits, how the instance ended.
    pub(super) fn reply(&mut self, result: crate::failure::CallResult) {
        let Some(parent) = self.row.parent.clone().filter(|parent| !parent.detached) else {
            return;
        };
        let ParentLink {
            key,
            execution,
            path,
            ..
        } = parent;
        let body = match result {
            Ok(result) => MessageBody::ChildCompleted {
                execution,
                path,
                result,
            },
            Err(error) => MessageBody::ChildFailed {
                execution,
                path,
                error,
            },
        };
        let fails = matches!(body, MessageBody::ChildFailed { .. });
        if fails && mutant(Mutant::ParentNeverTold) {
            return;
        }
        let reply = OutgoingMessage::new(Address::Key(key), body);
        if mutant(Mutant::ParentToldTwice) {
            self.write.sends.push(reply.clone());
        }
        self.write.sends.push(reply);
    }

    pub(super) fn terminate_child(&mut self, child: crate::ids::InstanceId, link: ParentLink) {
        let reason = format!("its parent `{}` no longer waits for it", link.instance);
        let body = MessageBody::Terminate {
            reason,
            by_parent: Some(link),
            recursive: true,
        };
        self.tell_child(child, body);
    }

    fn tell_child(&mut self, child: crate::ids::InstanceId, body: MessageBody) {
        let told = OutgoingMessage::new(Address::Id(child), body);
        self.write.sends.push(told);
    }

    /// Terminates the children that `history` leaves open.
    pub(super) fn terminate_open_children(&mut self, history: &History) {
        let depth = self.row.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        for (path, child) in open_children(history) {
            let link = self.link(path, depth);
            self.terminate_child(child, link);
        }
    }

    /// Gives back the locks that `history` leaves open.
    pub(super) fn unlock_open_sections(&mut self, history: &History) {
        let holder = |path: &CallPath| LockHolder {
            key: self.row.key,
            instance: self.row.id.clone(),
            execution: self.row.execution,
            path: path.clone(),
        };
        let open = open_sections(history, holder);
        let ends = open.values().flat_map(OpenSection::end);
        self.write.sends.extend(ends);
    }

    fn link(&self, path: CallPath, depth: u32) -> ParentLink {
        ParentLink {
            key: self.row.key,
            instance: self.row.id.clone(),
            execution: self.row.execution,
            path,
            depth,
            detached: false,
        }
    }

    fn outcome(mut self, continuation: Option<&Continuation>) -> Outcome {
        if let Some(continuation) = continuation {
            self.row
                .custom_status
                .clone_from(&continuation.cursor.state().custom_status);
            self.row.load_at_start = continuation.has_running_attempts();
            // What was kept and did not fit into this turn is in nobody's memory if this worker dies.
            self.write.unpark |= self.before.status == InstanceStatus::Stalled;
        } else {
            let stalled = self.row.status == InstanceStatus::Stalled;
            let stalled = stalled && !mutant(Mutant::StalledForGood);
            self.row.load_at_start = stalled || self.next == Next::Resumed;
        }
        let effects = std::mem::take(&mut self.effects);
        self.apply(&effects);
        self.record();
        self.archive();
        self.update();
        Outcome {
            write: self.write,
            instance: self.row,
            activities: effects.tasks.into_values().collect(),
            cancelled: effects.tasks_cancelled.into_iter().collect(),
            next: self.next,
        }
    }

    fn apply(&mut self, effects: &Effects) {
        let (key, execution) = (self.row.key, self.place.0);
        let id = |(path, kind): &(CallPath, TimerKind)| TimerId {
            key,
            execution,
            path: path.clone(),
            kind: *kind,
        };
        for (at, due) in &effects.timers {
            let timer = Timer {
                id: id(at),
                due: *due,
            };
            self.write.timers.push(timer);
        }
        let gone = &mut self.write.timers_gone;
        gone.extend(effects.timers_gone.iter().map(id));
        gone.sort();
        gone.dedup();
        self.write.starts.extend(effects.starts.values().cloned());
        for (_, what) in &effects.to_entities {
            match what {
                ToEntity::Send(message) | ToEntity::Withdraw(message) => {
                    self.write.sends.push(message.clone());
                }
                ToEntity::Unlock(messages) => self.write.sends.extend(messages.iter().cloned()),
                ToEntity::TakeBack => {}
            }
        }
        for child in effects.children_ended.values().cloned() {
            let (id, link) = (child.instance, child.link);
            match child.grace {
                None => self.terminate_child(id, link),
                Some(grace) => {
                    let by_parent = Some(link);
                    self.tell_child(id, MessageBody::Cancel { grace, by_parent });
                }
            }
        }
    }

    fn record(&mut self) {
        if self.events.is_empty() {
            return;
        }
        match serde_json::to_string(&self.events) {
            Ok(events) => {
                let ((execution, turn), at) = (self.place, self.now);
                self.write.history = Some(HistoryRow {
                    execution,
                    turn,
                    format: FORMAT,
                    at,
                    events,
                });
            }
            // Payloads are checked JSON and keys are text, so this is out of reach; still nothing
            // may be half-written.
            Err(error) => {
                let report = Failure::from_error(&error).to_string();
                self.row = self.before.clone();
                self.write = TurnWrite::new(self.row.key, self.row.unit);
                self.stall(format!("its history cannot be written: {report}"));
            }
        }
    }

    /// Notes the last checkpoint, and drops what stands before it if that is the policy.
    fn archive(&mut self) {
        let has_checkpoint =
            |event: &HistoryEvent| matches!(event, HistoryEvent::CheckpointTaken { .. });
        let (execution, turn) = self.place;
        let taken = self.write.history.is_some() && self.events.iter().any(has_checkpoint);
        let last = if taken {
            Some(turn)
        } else {
            self.before.checkpoint
        };
        let goes = match self.config.archive {
            Archive::Keep => false,
            Archive::Drop => self.next == Next::ExecutionEnded,
            Archive::DropAtCheckpoint => taken,
        };
        if let Some(before) = last.filter(|_| goes) {
            self.write.history_gone = Some(HistoryGone { execution, before });
        }
        self.row.checkpoint = last.filter(|_| self.row.execution == execution);
    }

    fn update(&mut self) {
        let (before, row) = (&self.before, &mut self.row);
        let input = (before.execution != row.execution).then(|| row.input.clone());
        let same = before.status == row.status
            && before.execution == row.execution
            && before.output == row.output
            && before.custom_status == row.custom_status
            && before.stalled == row.stalled
            && before.load_at_start == row.load_at_start
            && before.checkpoint == row.checkpoint;
        // What others see is worked out with it.
        let goes_on = !before.status.is_terminal() && self.write.replacement.is_none();
        let shows = self.took_wish && goes_on;
        if same && !shows {
            return;
        }
        row.updated_at = self.now;
        self.write.update = Some(InstanceUpdate {
            status: row.status,
            execution: row.execution,
            input,
            output: row.output.clone(),
            custom_status: row.custom_status.clone(),
            stalled: row.stalled.clone(),
            load_at_start: row.load_at_start,
            checkpoint: row.checkpoint,
        });
    }
}
