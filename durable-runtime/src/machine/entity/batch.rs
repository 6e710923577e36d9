//! A turn of an entity: messages in, outcome out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::code::Decision;
use super::code::EntityCode;
use super::code::Invocation;
use super::code::NewState;
use super::code::OperationEnd;
use crate::clock::Timestamp;
use crate::commands::Limits;
use crate::failure::CallResult;
use crate::failure::Failure;
use crate::failure::SectionRule;
use crate::ids::MessageId;
use crate::machine::cursor::too_large;
use crate::machine::entity_calls::check_new_key;
use crate::machine::entity_calls::message_to;
use crate::panics;
use crate::payload::Payload;
use crate::running::Computation;
use crate::running::Mark;
use crate::running::Running;
use crate::salt::Salt;
use crate::work::Address;
use crate::work::Answer;
use crate::work::Caller;
use crate::work::EntityOperation;
use crate::work::EntityRow;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::NewInstance;
use crate::work::OutgoingMessage;
use crate::work::Sender;
use crate::work::Timer;
use crate::work::TimerId;
use crate::work::TurnWrite;

/// The operation that every entity has: it deletes the state, even one that cannot be read. No
/// entity can define an operation with this name.
pub const DELETE_STATE: &str = "delete_state";

fn deleted() -> Result<OperationEnd, Failure> {
    Ok(OperationEnd::Returned {
        result: Ok(Payload::encode(&())?),
        state: NewState::Deleted,
        decisions: Vec::new(),
    })
}

/// The request for a turn of an entity.
#[derive(Debug, Clone)]
pub struct EntityTurnRequest {
    /// The entity, as committed.
    pub row: EntityRow,
    /// The messages that came in, in order.
    pub messages: Vec<Message>,
    /// The messages among them that are already parked in the store.
    pub parked: BTreeSet<MessageId>,
    /// Whether the entity has no other message in memory.
    pub drained: bool,
    /// The secret from which the orchestrations that it starts get theirs.
    pub salt: Salt,
    /// The time of the turn.
    pub now: Timestamp,
    /// Where to record which operation is running.
    pub running: Running,
    /// The operations to fail, because this many processes died while running them.
    pub deadly: BTreeMap<MessageId, u32>,
}

/// The outcome of a turn of an entity. Nothing of it may leave the process before `write` is
/// committed.
#[must_use]
#[derive(Debug, Clone, PartialEq)]
pub struct EntityOutcome {
    /// What to commit.
    pub write: TurnWrite,
    /// The entity as it is after `write` is committed.
    pub row: EntityRow,
    /// Messages that stay in the store as they are, and need not be in memory.
    pub left: Vec<MessageId>,
    /// Whether messages wait for the end of a lock.
    pub is_blocked: bool,
    /// Whether to read the whole inbox again, because messages that waited for the end of a lock
    /// come before later ones.
    pub reload: bool,
}

/// Makes a turn of an entity.
pub fn entity_turn(
    limits: &Limits,
    code: &EntityCode,
    request: EntityTurnRequest,
) -> EntityOutcome {
    let EntityTurnRequest {
        row,
        messages,
        parked,
        drained,
        salt,
        now,
        running,
        deadly,
    } = request;
    let fired = messages.iter().filter_map(|message| match &message.body {
        MessageBody::TimerDue {
            execution,
            path,
            kind,
        } => Some(TimerId {
            key: row.key,
            execution: *execution,
            path: path.clone(),
            kind: *kind,
        }),
        _ => None,
    });
    let fired = fired.collect();
    let mut batch = Batch {
        fired,
        kept_timers: BTreeSet::new(),
        limits,
        code,
        write: TurnWrite::new(row.key, row.unit),
        before: row.clone(),
        row,
        parked,
        salt,
        now,
        running,
        deadly,
        blocked: Vec::new(),
        left: Vec::new(),
        reload: false,
    };
    let mut rest = messages.into_iter();
    while !batch.reload
        && let Some(message) = rest.next()
    {
        batch.take(message);
    }
    batch.left.extend(rest.filter_map(|message| message.id));
    batch.outcome(drained)
}

/// A turn that is being made.
pub(super) struct Batch<'a> {
    limits: &'a Limits,
    code: &'a EntityCode,
    pub(super) before: EntityRow,
    pub(super) row: EntityRow,
    pub(super) write: TurnWrite,
    parked: BTreeSet<MessageId>,
    salt: Salt,
    now: Timestamp,
    running: Running,
    deadly: BTreeMap<MessageId, u32>,
    /// The timers of delayed signals that have fired.
    fired: BTreeSet<TimerId>,
    /// The timers of delayed signals that wait for the end of the lock.
    kept_timers: BTreeSet<TimerId>,
    /// Messages of this turn that wait for the end of the lock.
    pub(super) blocked: Vec<Message>,
    left: Vec<MessageId>,
    pub(super) reload: bool,
}

impl Batch<'_> {
    fn take(&mut self, message: Message) {
        match &message.body {
            MessageBody::EntityOperation(operation) => {
                let operation = (**operation).clone();
                self.operation(message, &operation);
            }
            MessageBody::EntityLock(request) => {
                let request = (**request).clone();
                self.lock(message, request);
            }
            MessageBody::EntityUnlock(holder) => {
                self.unlock(holder);
                self.consume(&message);
            }
            MessageBody::EntityWithdraw { holder, rest } => {
                self.withdraw(holder, rest);
                self.consume(&message);
            }
            // A delayed signal is due: it is among the messages.
            MessageBody::TimerDue { .. } => self.consume(&message),
            other => {
                tracing::warn!(entity = %self.row.id, ?other, "a message that is not for entities");
                self.consume(&message);
            }
        }
    }

    fn operation(&mut self, message: Message, operation: &EntityOperation) {
        let due = operation.due;
        if due.is_some_and(|due| self.is_early(&message, due)) {
            return self.keep(&message);
        }
        if self.row.lock.is_some() && operation.lock.is_none() {
            if let Some(due) = due {
                self.keep_timer(&message, due);
            }
            return self.block(message);
        }
        if let Some(due) = due.filter(|_| self.is_parked(&message)) {
            self.write.timers_gone.push(self.timer_of(due));
        }
        let result = if operation.lock == self.row.lock {
            self.run(&message, operation)
        } else {
            // The section that it belonged to is over.
            let entity = self.row.id.clone();
            Err(Failure::CriticalSection(SectionRule::LockLost { entity }).into())
        };
        self.answer(operation, result);
        self.consume(&message);
        // It may be withdrawn until this is committed.
        let delayed = message.id.filter(|_| due.is_some());
        self.write.delayed.extend(delayed);
    }

    /// Whether a delayed signal waits for its timer still. Without one, or once that has fired, it
    /// is due: the store has found so, or this worker has, though its clock may be behind now.
    fn is_early(&self, message: &Message, due: Timestamp) -> bool {
        self.is_parked(message) && due > self.now && !self.fired.contains(&self.timer_of(due))
    }

    fn is_parked(&self, message: &Message) -> bool {
        message.id.is_some_and(|id| self.parked.contains(&id))
    }

    fn timer_of(&self, due: Timestamp) -> TimerId {
        TimerId::of_signal(self.row.key, due)
    }

    /// A delayed signal that waits for the end of a lock keeps its timer, or gets one: whoever
    /// takes it up then may have a clock by which it is early.
    fn keep_timer(&mut self, message: &Message, due: Timestamp) {
        let id = self.timer_of(due);
        self.kept_timers.insert(id.clone());
        if !self.is_parked(message) || due > self.now {
            self.write.timers.push(Timer { id, due });
        }
    }

    /// Runs an operation; what it decided counts only if it succeeds.
    fn run(&mut self, message: &Message, operation: &EntityOperation) -> CallResult {
        let id = message.id.unwrap_or(MessageId(0));
        if let Some(attempts) = self.deadly.get(&id).copied() {
            return Err(Failure::WorkerLost { attempts }.into());
        }
        let invocation = Invocation {
            entity: &self.row.id,
            state: self.row.state.as_ref(),
            operation: &operation.name,
            input: operation.input.as_ref(),
            message: id,
            now: self.now,
        };
        let end = if operation.name == DELETE_STATE {
            deleted()?
        } else {
            let of = Computation::Operation {
                key: self.row.key,
                message: id,
            };
            let _begun = self.running.begin(Mark { of, number: 1 });
            panics::catch(|| (self.code)(invocation))?
        };
        let (result, state, decisions) = match end {
            OperationEnd::Refused(problem) => {
                let entity = self.row.id.clone();
                return Err(Failure::Entity { entity, problem }.into());
            }
            OperationEnd::Returned {
                result,
                state,
                decisions,
            } => (result?, state, decisions),
        };
        self.check_size("the result of the operation", &result)?;
        if let NewState::Replaced(state, _) = &state {
            self.check_size("the state of the entity", state)?;
        }
        for decision in &decisions {
            self.check_decision(decision)?;
        }
        self.change(state);
        for (number, decision) in decisions.into_iter().enumerate() {
            self.decided(decision, id, number);
        }
        Ok(result)
    }

    fn check_size(&self, what: &str, payload: &Payload) -> Result<(), Failure> {
        let (actual, limit) = (payload.len(), self.limits.payload_bytes);
        if actual > limit {
            return Err(too_large(what, actual, limit));
        }
        Ok(())
    }

    fn check_decision(&self, decision: &Decision) -> Result<(), Failure> {
        let (Decision::Signal { input, .. } | Decision::Start { input, .. }) = decision;
        if let Some(input) = input {
            self.check_size("the payload", input)?;
        }
        if let Decision::Signal { entity, .. } = decision {
            check_new_key(entity, self.limits)?;
        }
        Ok(())
    }

    fn change(&mut self, state: NewState) {
        let (state, version) = match state {
            NewState::Kept => return,
            NewState::Replaced(state, version) => (Some(state), Some(version.to_owned())),
            NewState::Deleted => (None, None),
        };
        if self.row.state != state {
            self.row.state = state;
            self.row.version = version;
            self.row.changed_at = self.now;
        }
    }

    fn decided(&mut self, decision: Decision, message: MessageId, number: usize) {
        match decision {
            Decision::Signal {
                entity,
                operation,
                input,
                delay,
            } => {
                let operation = EntityOperation {
                    name: operation,
                    input,
                    caller: None,
                    lock: None,
                    due: delay.map(|delay| self.now + delay),
                    sender: delay.map(|_| Sender::Entity(self.row.id.clone())),
                };
                self.write.sends.push(message_to(entity, operation));
            }
            Decision::Start {
                id,
                name,
                version,
                input,
            } => self.write.starts.push(NewInstance {
                id,
                salt: self
                    .salt
                    .of(format_args!("{}\u{1f}{message}\u{1f}{number}", self.row.id)),
                name,
                version,
                input,
                tags: BTreeMap::new(),
                parent: None,
                start_at: None,
                command: format!("{}/{message}/{number}", self.row.id),
                headers: BTreeMap::new(),
                event: None,
            }),
        }
    }

    fn answer(&mut self, operation: &EntityOperation, result: CallResult) {
        match &operation.caller {
            None => {
                if let Err(error) = result {
                    let (entity, name) = (&self.row.id, &operation.name);
                    tracing::warn!(%entity, operation = %name, error = %error.message(), "a signal failed");
                }
            }
            Some(Caller::Client { command }) => self.write.answers.push(Answer {
                command: command.clone(),
                result,
            }),
            Some(Caller::Orchestration {
                key,
                execution,
                path,
            }) => {
                let (execution, path) = (*execution, path.clone());
                let body = match result {
                    Ok(result) => MessageBody::EntityCompleted {
                        execution,
                        path,
                        result,
                    },
                    Err(error) => MessageBody::EntityFailed {
                        execution,
                        path,
                        error,
                    },
                };
                let reply = OutgoingMessage::new(Address::Key(*key), body);
                self.write.sends.push(reply);
            }
        }
    }

    pub(super) fn consume(&mut self, message: &Message) {
        self.write.consumed.extend(message.id);
        if let MessageBody::TimerDue {
            execution,
            path,
            kind,
        } = &message.body
        {
            self.write.timers_gone.push(TimerId {
                key: self.row.key,
                execution: *execution,
                path: path.clone(),
                kind: *kind,
            });
        }
    }

    /// Keeps a message for later, out of the way of polling.
    pub(super) fn keep(&mut self, message: &Message) {
        match message.id {
            Some(id) if self.parked.contains(&id) => self.left.push(id),
            Some(id) => self.write.parked.push(id),
            None => {}
        }
    }

    /// Keeps a message until the lock ends.
    pub(super) fn block(&mut self, message: Message) {
        self.blocked.push(message);
    }

    fn outcome(mut self, drained: bool) -> EntityOutcome {
        let is_blocked = !self.blocked.is_empty();
        for message in std::mem::take(&mut self.blocked) {
            self.keep(&message);
        }
        let gone = &mut self.write.timers_gone;
        gone.retain(|id| !self.kept_timers.contains(id));
        gone.sort();
        gone.dedup();
        if self.reload || is_blocked {
            self.row.load_at_start = true;
        } else if self.row.lock.is_none() && drained {
            self.row.load_at_start = false;
            // No request waits here. One that was withdrawn and is not among them will not come: its
            // lock was ended meanwhile because its holder was gone.
            self.row.withdrawn.clear();
        }
        if self.row != self.before {
            self.write.entity = Some(Box::new(self.row.update()));
        }
        EntityOutcome {
            write: self.write,
            row: self.row,
            left: self.left,
            is_blocked,
            reload: self.reload,
        }
    }
}
