//! The state of an execution between two polls: its calls, its events, and the decisions of this
//! round.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::task::Poll;
use std::task::Waker;

use super::branch::Numbers;
use super::call::CallRequest;
use super::call::Reencode;
use super::calls::ActivityCall;
use super::calls::CallKind;
use super::calls::ChildCall;
use super::calls::OpenCall;
use super::cancellation::Cancelling;
use super::checkpoint::Checkpoints;
use super::config::Undecodable;
use super::cursor::too_large;
use super::effects::Effects;
use super::effects::ToEntity;
use super::external_events::ExternalEvents;
use super::external_events::Waiter;
use super::nondeterminism::Difference;
use super::outside::OutsideReports;
use super::script::Script;
use super::section::OpenSection;
use crate::clock::Timestamp;
use crate::commands::Limits;
use crate::definition::SourcePlace;
use crate::failure::CallResult;
use crate::failure::Failure;
use crate::history::Checkpoint;
use crate::history::ExternalEvent;
use crate::history::HistoryEvent;
use crate::history::ParentLink;
use crate::ids::CallPath;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::payload::Payload;
use crate::retry::RetryPolicy;
use crate::salt::Salt;
use crate::salt::Use;
use crate::work::NewInstance;
use crate::work::TimerKind;

/// What an execution is, unchanging.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) key: InstanceKey,
    pub(super) id: InstanceId,
    pub(super) salt: Salt,
    pub(super) execution: Execution,
    pub(super) parent: Option<ParentLink>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) limits: Arc<Limits>,
    pub(super) strict_inputs: bool,
    pub(super) undecodable_input: Undecodable,
    pub(super) root: Arc<Numbers>,
    /// How many events gather before a checkpoint is taken.
    pub(super) checkpoint_after: usize,
    pub(super) outside: OutsideReports,
}

impl Identity {
    /// The same with numbers of its own.
    pub(super) fn of_twin(&self) -> Self {
        Self {
            id: self.id.clone(),
            parent: self.parent.clone(),
            tags: self.tags.clone(),
            headers: self.headers.clone(),
            limits: Arc::clone(&self.limits),
            root: Arc::new(Numbers::from(CallPath::root(), self.root.next())),
            outside: self.outside.clone(),
            ..*self
        }
    }
}

/// Why a round ended before the body did.
#[derive(Debug)]
pub(super) enum RoundEnd {
    ContinuedAsNew(Option<Payload>),
    Stalled(String),
    Differs(Difference),
    Failed(Failure),
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) now: Timestamp,
    pub(super) custom_status: Option<Payload>,
    pub(super) calls: HashMap<CallPath, OpenCall>,
    pub(super) events: ExternalEvents,
    /// The locks that were asked for and not given back.
    pub(super) sections: BTreeMap<CallPath, OpenSection>,
    /// What the round that is replayed must decide; `None` when live.
    pub(super) script: Option<Script>,
    pub(super) decisions: Vec<HistoryEvent>,
    pub(super) effects: Effects,
    pub(super) cancelling: Cancelling,
    pub(super) round_end: Option<RoundEnd>,
    pub(super) round: u64,
    round_bytes: usize,
    /// The custom status before the round.
    status_before: Option<Payload>,
    pub(super) randoms: u64,
    pub(super) patches: BTreeMap<String, bool>,
    pub(super) checkpoints: Checkpoints,
    last_read: Option<(Waiter, ExternalEvent)>,
    /// Whether the call that was polled last waits, and was not dropped since.
    waits: bool,
}

impl State {
    /// The state in which the code goes on from `checkpoint`.
    pub(super) fn resumed(checkpoint: &Checkpoint) -> Self {
        let mut events = ExternalEvents::default();
        events.keep_all(&checkpoint.unread);
        Self {
            now: checkpoint.now,
            custom_status: checkpoint.custom_status.clone(),
            events,
            randoms: checkpoint.randoms,
            cancelling: Cancelling::resuming(checkpoint.cancel_deadline),
            patches: checkpoint.patches.clone(),
            checkpoints: Checkpoints::resuming(checkpoint),
            ..Self::default()
        }
    }

    /// Roughly how many bytes it holds beside itself.
    pub(super) fn size(&self) -> usize {
        let call = size_of::<(CallPath, OpenCall)>() + size_of::<ActivityCall>();
        // A table has room for the next power of two. Its own capacity depends on how it grew, and a
        // replay is to be as large as what it repeats.
        self.calls.len().next_power_of_two() * call
            + self.decisions.len().next_power_of_two() * size_of::<HistoryEvent>()
            + self.sections.len() * size_of::<(CallPath, OpenSection)>()
    }

    pub(super) fn is_replaying(&self) -> bool {
        self.script.is_some()
    }

    pub(super) fn next_random(&mut self) -> u64 {
        self.randoms += 1;
        self.randoms
    }

    /// Ends the round. The first reason stands.
    pub(super) fn end_round(&mut self, end: RoundEnd) {
        self.round_end.get_or_insert(end);
    }

    /// Ends the round for a reason that goes before all others but a stall.
    pub(super) fn end_first(&mut self, end: RoundEnd) {
        if !matches!(self.round_end, Some(RoundEnd::Stalled(_))) {
            self.round_end = Some(end);
        }
    }

    /// Begins a round that live code decides, or that must decide what `script` says.
    pub(super) fn begin_round(&mut self, script: Option<Script>) {
        self.round += 1;
        self.round_bytes = 0;
        self.script = script;
        self.last_read = None;
        self.begin_checkpoints();
        self.waits = false;
        self.status_before.clone_from(&self.custom_status);
    }

    /// Whether the body waits for a call. One that was only spawned is not waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.waits
            || self.cancelling.is_awaited()
            || self.calls.values().any(|call| call.waker.is_some())
    }

    /// When the first of its timers is due, if it waits for timers alone.
    pub(super) fn sleeps_until(&self) -> Option<Timestamp> {
        let mut pending = self.calls.values().filter(|call| call.is_pending());
        let first = pending.try_fold(None, |first: Option<Timestamp>, call| match call.kind {
            CallKind::Timer { due } => Some(Some(first.map_or(due, |first| first.min(due)))),
            _ => None,
        });
        first.flatten().filter(|_| !self.cancelling.is_awaited())
    }

    /// Undoes what the round did to the custom status.
    pub(super) fn restore_custom_status(&mut self) {
        self.custom_status = self.status_before.take();
    }

    /// Schedules the call, or matches it with the recorded one.
    pub(super) fn open(
        &mut self,
        identity: &Identity,
        path: &CallPath,
        request: &CallRequest,
        site: &SourcePlace,
        shielded: bool,
    ) {
        if self.round_end.is_some() {
            return;
        }
        let wanted = if self.cancelling.refuses(request, shielded) {
            Err(Failure::Cancelled)
        } else {
            self.wanted(identity, path, request, site, shielded)
        };
        let (event, reencode) = match wanted {
            Ok(wanted) => wanted,
            Err(failure) => {
                let refused = OpenCall::immediate(Err(failure.into()), self.round);
                self.calls.insert(path.clone(), refused);
                return;
            }
        };
        let Some(event) = self.record_or_match(identity, event, reencode) else {
            return;
        };
        let fails_when_cancelled = event.fails_when_cancelled();
        self.opened(identity, path, event);
        if let Some(call) = self.calls.get_mut(path) {
            call.fails_when_cancelled = fails_when_cancelled;
        }
    }

    /// The event that records `request`, or why the request is refused.
    fn wanted(
        &self,
        identity: &Identity,
        path: &CallPath,
        request: &CallRequest,
        site: &SourcePlace,
        shielded: bool,
    ) -> Result<(HistoryEvent, Option<Reencode>), Failure> {
        let limits = &identity.limits;
        // What was recorded was within the limits of its time.
        let recorded = self
            .script
            .as_ref()
            .is_some_and(|script| script.has_call(path));
        if self.calls.len() >= limits.open_calls && !recorded {
            return Err(too_large(
                "the number of open calls",
                self.calls.len() + 1,
                limits.open_calls,
            ));
        }
        let (path, site) = (path.clone(), site.clone());
        match request {
            CallRequest::Activity {
                name,
                input,
                reencode,
                options,
            } => {
                let input = checked(input, limits, recorded)?;
                let (name, options) = ((*name).to_owned(), Box::new(options.clone()));
                let event = HistoryEvent::ActivityScheduled {
                    path,
                    name,
                    input,
                    options,
                    shielded,
                    site,
                };
                Ok((event, Some(*reencode)))
            }
            CallRequest::Child {
                name,
                version,
                id,
                input,
                reencode,
                options,
                detached,
            } => {
                if !detached && !recorded {
                    self.check_child_in_section(name)?;
                }
                let depth = identity.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
                if depth > limits.depth && !recorded {
                    let (depth, limit) = (depth as usize, limits.depth as usize);
                    return Err(too_large("the depth of sub-orchestrations", depth, limit));
                }
                let execution = if mutant(Mutant::ChildIdsReused) {
                    Execution::FIRST
                } else {
                    identity.execution
                };
                let (salt, parent) = (identity.salt, &identity.id);
                let of_call = || InstanceId::of_child(salt, parent, execution, &path);
                let event = HistoryEvent::ChildScheduled {
                    name: (*name).to_owned(),
                    version: (*version).to_owned(),
                    instance: id.clone().unwrap_or_else(of_call),
                    input: checked(input, limits, recorded)?,
                    options: Box::new(options.clone()),
                    detached: *detached,
                    shielded,
                    path,
                    site,
                };
                Ok((event, Some(*reencode)))
            }
            CallRequest::TimerAt(due) => Ok((
                HistoryEvent::TimerCreated {
                    path,
                    due: *due,
                    site,
                },
                None,
            )),
            CallRequest::TimerAfter(wait) => Ok((
                HistoryEvent::TimerCreated {
                    path,
                    due: self.now + *wait,
                    site,
                },
                None,
            )),
            CallRequest::Event { name } => {
                let event = (*name).to_owned();
                Ok((HistoryEvent::WaitStarted { path, event, site }, None))
            }
            request @ (CallRequest::EntityCall { .. }
            | CallRequest::EntitySignal { .. }
            | CallRequest::Lock { .. }) => {
                let place = (path, site, shielded);
                self.wanted_of_entity(limits, place, request, recorded)
            }
        }
    }

    /// Live: records `event` and returns it. Replaying: returns the recorded event it stands for,
    /// or ends the round.
    fn record_or_match(
        &mut self,
        identity: &Identity,
        event: HistoryEvent,
        reencode: Option<Reencode>,
    ) -> Option<HistoryEvent> {
        let Some(script) = &mut self.script else {
            self.decide(identity, event.clone());
            return Some(event);
        };
        let matched = match script.take_call(&event, reencode) {
            Ok(matched) => matched,
            Err(difference) => {
                self.end_round(RoundEnd::Differs(difference));
                return None;
            }
        };
        if matched.drifted {
            let (recorded, current) = (Box::new(matched.recorded.clone()), Box::new(event));
            let drift = Difference::InputDrift { recorded, current };
            if matched.exact || identity.strict_inputs {
                self.end_round(RoundEnd::Differs(drift));
                return None;
            }
            tracing::warn!(instance = %identity.id, ?drift, "the input of a call has drifted");
        }
        Some(matched.recorded)
    }

    pub(super) fn decide(&mut self, identity: &Identity, event: HistoryEvent) {
        self.round_bytes += bytes_of(&event);
        self.decisions.push(event);
        let limit = identity.limits.poll_bytes;
        if self.round_bytes > limit {
            let failure = too_large("what one turn records", self.round_bytes, limit);
            self.end_round(RoundEnd::Failed(failure));
        }
    }

    /// Enters a scheduled call into the table and notes what is to be done for it.
    fn opened(&mut self, identity: &Identity, path: &CallPath, event: HistoryEvent) {
        let kind = match event {
            HistoryEvent::ActivityScheduled {
                name,
                input,
                options,
                ..
            } => {
                let call = ActivityCall::new(name, input, options, self.now);
                let total = call
                    .options
                    .retry
                    .as_ref()
                    .and_then(RetryPolicy::limit_in_total);
                if let Some(total) = total {
                    self.effects
                        .set_timer(path, TimerKind::Deadline, self.now + total);
                }
                self.effects
                    .tasks
                    .insert(path.clone(), call.task(identity, path));
                CallKind::Activity(Box::new(call))
            }
            HistoryEvent::ChildScheduled { .. } => return self.child_opened(identity, path, event),
            HistoryEvent::TimerCreated { due, .. } => {
                self.effects.set_timer(path, TimerKind::Sleep, due);
                CallKind::Timer { due }
            }
            HistoryEvent::WaitStarted { event, .. } => {
                let call = OpenCall::new(
                    CallKind::Wait {
                        event: event.clone(),
                    },
                    self.round,
                );
                self.calls.insert(path.clone(), call);
                return self.events.wait(&event, Waiter::new(self.round, path));
            }
            event => return self.entity_opened(identity, path, event),
        };
        self.calls
            .insert(path.clone(), OpenCall::new(kind, self.round));
    }

    fn child_opened(&mut self, identity: &Identity, path: &CallPath, event: HistoryEvent) {
        let HistoryEvent::ChildScheduled {
            name,
            version,
            instance,
            input,
            options,
            detached,
            ..
        } = event
        else {
            return;
        };
        let link = ParentLink {
            key: identity.key,
            instance: identity.id.clone(),
            execution: identity.execution,
            path: path.clone(),
            depth: identity.parent.as_ref().map_or(0, |parent| parent.depth) + 1,
            detached,
        };
        let call = format_args!("{}\u{1f}{path}", identity.execution);
        let command = identity.salt.hash(Use::ChildCommand, call);
        let start = NewInstance {
            id: instance.clone(),
            salt: if mutant(Mutant::ChildrenShareSalt) {
                identity.salt
            } else {
                identity.salt.of(format_args!("child\u{1f}{call}"))
            },
            name,
            version,
            input,
            tags: identity.tags.clone(),
            parent: Some(link.clone()),
            start_at: None,
            command: format!("{}/{command:032x}", identity.id),
            headers: identity.headers.clone(),
            event: None,
        };
        self.effects.starts.insert(path.clone(), start);
        let call = if detached {
            let id = Payload::encode(instance.as_str()).map_err(|e| Failure::Codec(e).into());
            OpenCall::immediate(id, self.round)
        } else {
            if let Some(limit) = options.timeout {
                self.effects
                    .set_timer(path, TimerKind::Deadline, self.now + limit);
            }
            let child = ChildCall {
                instance,
                link,
                options,
            };
            OpenCall::new(CallKind::Child(Box::new(child)), self.round)
        };
        self.calls.insert(path.clone(), call);
    }

    /// The result of the call, once there is one; the call is over then. An execution that has
    /// ended reads nothing any more: its events belong to the next one.
    ///
    /// Also gives back the waker that is not needed any more. It may own calls, which take the lock
    /// of this state when they are dropped: drop it without that.
    pub(super) fn poll_call(
        &mut self,
        path: &CallPath,
        waker: Waker,
    ) -> (Poll<CallResult>, Option<Waker>) {
        let Some(call) = self
            .calls
            .get_mut(path)
            .filter(|_| self.round_end.is_none())
        else {
            return (Poll::Pending, Some(waker));
        };
        let read = match &call.kind {
            CallKind::Wait { event } => self.events.read(event, &Waiter::new(call.round, path)),
            _ => None,
        };
        let result = if let Some(queued) = read {
            let payload = queued.payload.clone();
            self.last_read = Some((Waiter::new(call.round, path), queued));
            Ok(payload)
        } else {
            let Some(result) = call.result.take() else {
                self.waits = true;
                return (Poll::Pending, call.waker.replace(waker));
            };
            result
        };
        self.waits = false;
        let unused = self.calls.remove(path).and_then(|call| call.waker);
        (Poll::Ready(result), unused)
    }

    /// Puts the event that the wait at `path` has just read aside as rejected; the wait goes on.
    pub(super) fn reject_event(&mut self, path: &CallPath, reason: String, site: &SourcePlace) {
        let Some((waiter, event)) = self.last_read.take().filter(|(by, _)| by.path == *path) else {
            return;
        };
        let (name, payload) = (event.name, event.payload);
        match &mut self.script {
            None => {
                let name = name.clone();
                self.decisions.push(HistoryEvent::EventRejected {
                    name,
                    payload,
                    reason,
                });
            }
            Some(script) => {
                if !script.take_rejected(&name, &payload) {
                    let site = site.clone();
                    let difference = Difference::Rejected { name, site };
                    return self.end_round(RoundEnd::Differs(difference));
                }
            }
        }
        let kind = CallKind::Wait {
            event: name.clone(),
        };
        self.calls
            .insert(path.clone(), OpenCall::new(kind, waiter.since));
        self.events.wait(&name, waiter);
    }

    /// Closes a call that was dropped. One that is still pending is cancelled. Gives back the call
    /// and whom to wake, to be dropped and woken without the lock: wakers may own other calls.
    pub(super) fn cancel(
        &mut self,
        identity: &Identity,
        path: &CallPath,
        site: &SourcePlace,
    ) -> (Option<OpenCall>, Option<Waker>) {
        if self.round_end.is_some() {
            return (None, None);
        }
        self.waits = false;
        let Some(call) = self.calls.remove(path) else {
            return (None, None);
        };
        let served = match &call.kind {
            CallKind::Wait { event } => self.events.leave(event, &Waiter::new(call.round, path)),
            _ => None,
        };
        let served = served.and_then(|path| self.calls.get_mut(&path)?.waker.take());
        if !call.is_pending() {
            // A lock that was granted and not looked at goes to the next.
            self.release(identity, path, site);
            return (Some(call), served);
        }
        match &mut self.script {
            None => self.decide(identity, HistoryEvent::CallCancelled { path: path.clone() }),
            Some(script) => {
                if !script.take_cancelled(path) {
                    let (path, site) = (path.clone(), site.clone());
                    let difference = Difference::NotCancelled { path, site };
                    self.end_round(RoundEnd::Differs(difference));
                    return (Some(call), served);
                }
            }
        }
        self.closed(path, &call.kind);
        (Some(call), served)
    }

    /// Notes what is to be undone for a call that nobody waits for any more.
    pub(super) fn closed(&mut self, path: &CallPath, kind: &CallKind) {
        match kind {
            CallKind::Activity(call) => {
                self.clear_attempt_timers(path, call.waiting, call.options.retry.as_ref());
                self.effects.cancel_task(path);
            }
            CallKind::Child(child) => {
                if child.options.timeout.is_some() {
                    self.effects.clear_timer(path, TimerKind::Deadline);
                }
                if !mutant(Mutant::DroppedChildLivesOn) {
                    self.effects.end_child(path, child.unwanted(None));
                }
            }
            CallKind::Timer { .. } if mutant(Mutant::CancelledTimerFires) => {}
            CallKind::Timer { .. } => self.effects.clear_timer(path, TimerKind::Sleep),
            CallKind::Entity { timeout } => {
                if timeout.is_some() {
                    self.effects.clear_timer(path, TimerKind::Deadline);
                }
                self.effects.note_for_entity(path, ToEntity::TakeBack);
            }
            CallKind::Lock => self.withdraw(path),
            CallKind::Wait { .. } | CallKind::Immediate => {}
        }
    }

    pub(super) fn clear_attempt_timers(
        &mut self,
        path: &CallPath,
        waiting: bool,
        retry: Option<&RetryPolicy>,
    ) {
        if waiting {
            self.effects.clear_timer(path, TimerKind::Retry);
        }
        if retry.is_some_and(|retry| retry.limit_in_total().is_some()) {
            self.effects.clear_timer(path, TimerKind::Deadline);
        }
    }

    pub(super) fn wake(&mut self, path: Option<CallPath>) {
        let call = path.and_then(|path| self.calls.get_mut(&path));
        if let Some(waker) = call.and_then(|call| call.waker.take()) {
            waker.wake();
        }
    }

    /// The recorded value. One that could not be made was not recorded: it is tried again.
    pub(super) fn recorded_side_effect(
        &mut self,
        path: &CallPath,
        site: &SourcePlace,
    ) -> Option<Payload> {
        match self.script.as_mut()?.take_side_effect(path, site) {
            Ok(value) => value,
            Err(difference) => {
                self.end_round(RoundEnd::Differs(difference));
                None
            }
        }
    }

    pub(super) fn record_side_effect(
        &mut self,
        identity: &Identity,
        path: CallPath,
        value: Payload,
        site: &SourcePlace,
    ) {
        if self.is_replaying() {
            let (recorded, site) = (None, site.clone());
            self.end_round(RoundEnd::Differs(Difference::SideEffect { recorded, site }));
        } else {
            self.decide(identity, HistoryEvent::SideEffectRecorded { path, value });
        }
    }

    pub(super) fn patched(&mut self, change: &str) -> bool {
        if let Some(applies) = self.patches.get(change) {
            return *applies;
        }
        let applies = if let Some(script) = &mut self.script {
            script.take_patch(change).unwrap_or(false)
        } else {
            let (change, applies) = (change.to_owned(), true);
            self.decisions
                .push(HistoryEvent::PatchMarked { change, applies });
            true
        };
        self.patches.insert(change.to_owned(), applies);
        applies
    }
}

/// Roughly how many bytes an event takes in a history. Those without a payload count too: a poll
/// that makes them for ever must come to its limit.
fn bytes_of(event: &HistoryEvent) -> usize {
    const OVERHEAD: usize = 64;
    OVERHEAD
        + match event {
            HistoryEvent::ActivityScheduled { input, .. }
            | HistoryEvent::ChildScheduled { input, .. }
            | HistoryEvent::EntityCalled { input, .. }
            | HistoryEvent::EntitySignalled { input, .. } => input.as_ref().map_or(0, Payload::len),
            HistoryEvent::SideEffectRecorded { value, .. } => value.len(),
            HistoryEvent::EventRejected { payload, .. } => payload.len(),
            HistoryEvent::CheckpointTaken { checkpoint } => {
                checkpoint.values.values().map(Payload::len).sum()
            }
            _ => 0,
        }
}

pub(super) fn checked(
    input: &Result<Option<Payload>, crate::payload::CodecError>,
    limits: &Limits,
    recorded: bool,
) -> Result<Option<Payload>, Failure> {
    let input = input.clone()?;
    let bytes = input.as_ref().map_or(0, Payload::len);
    if bytes > limits.payload_bytes && !recorded {
        return Err(too_large("the payload", bytes, limits.payload_bytes));
    }
    Ok(input)
}
