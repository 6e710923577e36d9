//! Calls of entities, signals and locks of an execution; and the rules of critical sections.

use super::call::CallRequest;
use super::call::Reencode;
use super::calls::CallKind;
use super::calls::OpenCall;
use super::cursor::too_large;
use super::delivery::null;
use super::effects::ToEntity;
use super::nondeterminism::Difference;
use super::section::OpenSection;
use super::state::Identity;
use super::state::RoundEnd;
use super::state::State;
use super::state::checked;
use crate::commands::Limits;
use crate::definition::SourcePlace;
use crate::failure::Failure;
use crate::failure::SectionRule;
use crate::history::HistoryEvent;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::ids::Execution;
use crate::work::Address;
use crate::work::Caller;
use crate::work::EntityOperation;
use crate::work::LockHolder;
use crate::work::LockRequest;
use crate::work::MessageBody;
use crate::work::OutgoingMessage;
use crate::work::Sender;
use crate::work::TimerKind;

impl Identity {
    /// Who holds the lock at `path`.
    pub(super) fn holder(&self, path: &CallPath) -> LockHolder {
        LockHolder {
            key: self.key,
            instance: self.id.clone(),
            execution: self.execution,
            path: path.clone(),
        }
    }
}

impl State {
    /// The event that records `request`, or why it is refused.
    pub(super) fn wanted_of_entity(
        &self,
        limits: &Limits,
        (path, site, shielded): (CallPath, SourcePlace, bool),
        request: &CallRequest,
        recorded: bool,
    ) -> Result<(HistoryEvent, Option<Reencode>), Failure> {
        if !recorded {
            self.check_section(request)?;
        }
        let event = match request {
            CallRequest::EntityCall {
                entity,
                operation,
                input,
                reencode,
                lock,
                options,
            } => {
                check_key(entity, limits, recorded)?;
                let event = HistoryEvent::EntityCalled {
                    path,
                    entity: entity.clone(),
                    operation: (*operation).to_owned(),
                    input: checked(input, limits, recorded)?,
                    lock: lock.clone(),
                    options: Box::new(options.clone()),
                    shielded,
                    site,
                };
                (event, Some(*reencode))
            }
            CallRequest::EntitySignal {
                entity,
                operation,
                input,
                reencode,
                delay,
            } => {
                check_key(entity, limits, recorded)?;
                let event = HistoryEvent::EntitySignalled {
                    path,
                    entity: entity.clone(),
                    operation: (*operation).to_owned(),
                    input: checked(input, limits, recorded)?,
                    due: delay.map(|delay| self.now + delay),
                    site,
                };
                (event, Some(*reencode))
            }
            CallRequest::Lock { entities } => {
                let mut entities = entities.clone();
                entities.sort();
                entities.dedup();
                for entity in &entities {
                    check_key(entity, limits, recorded)?;
                }
                let event = HistoryEvent::LockRequested {
                    path,
                    entities,
                    shielded,
                    site,
                };
                (event, None)
            }
            _ => return Err(Failure::Cancelled),
        };
        Ok(event)
    }

    /// The rules of critical sections, as far as types do not see to them.
    fn check_section(&self, request: &CallRequest) -> Result<(), Failure> {
        let rule = match request {
            CallRequest::Lock { .. } if !self.sections.is_empty() => SectionRule::NestedLock,
            CallRequest::EntitySignal { entity, .. } if self.is_locked(entity) => {
                let entity = entity.clone();
                SectionRule::SignalToLocked { entity }
            }
            CallRequest::EntityCall {
                entity, lock: None, ..
            } if self.is_locked(entity) => {
                let entity = entity.clone();
                SectionRule::CallPastLock { entity }
            }
            CallRequest::EntityCall {
                entity, lock: None, ..
            } if self.in_section() => {
                let entity = entity.clone();
                SectionRule::CallToUnlocked { entity }
            }
            _ => return Ok(()),
        };
        Err(Failure::CriticalSection(rule))
    }

    /// Whether a sub-orchestration may be called now.
    pub(super) fn check_child_in_section(&self, name: &str) -> Result<(), Failure> {
        if !self.in_section() {
            return Ok(());
        }
        let name = name.to_owned();
        Err(Failure::CriticalSection(SectionRule::SubOrchestration {
            name,
        }))
    }

    fn in_section(&self) -> bool {
        self.sections.values().any(|section| section.granted)
    }

    fn is_locked(&self, entity: &EntityId) -> bool {
        self.sections.values().any(|section| section.has(entity))
    }

    /// Enters a call of an entity, a signal or a lock into the table, and notes what is to be sent.
    pub(super) fn entity_opened(
        &mut self,
        identity: &Identity,
        path: &CallPath,
        event: HistoryEvent,
    ) {
        let round = self.round;
        let (call, message) = match event {
            HistoryEvent::EntityCalled {
                entity,
                operation,
                input,
                lock,
                options,
                ..
            } => {
                let caller = Caller::Orchestration {
                    key: identity.key,
                    execution: identity.execution,
                    path: path.clone(),
                };
                let operation = EntityOperation {
                    name: operation,
                    input,
                    caller: Some(caller),
                    lock: lock.map(|lock| identity.holder(&lock)),
                    due: None,
                    sender: None,
                };
                let timeout = options.timeout;
                if let Some(limit) = timeout {
                    self.effects
                        .set_timer(path, TimerKind::Deadline, self.now + limit);
                }
                let call = OpenCall::new(CallKind::Entity { timeout }, round);
                (call, message_to(entity, operation))
            }
            HistoryEvent::EntitySignalled {
                entity,
                operation,
                input,
                due,
                ..
            } => {
                let operation = EntityOperation {
                    name: operation,
                    input,
                    caller: None,
                    lock: None,
                    due,
                    sender: due.map(|_| Sender::Orchestration(identity.id.clone())),
                };
                let call = OpenCall::immediate(null(), round);
                (call, message_to(entity, operation))
            }
            HistoryEvent::LockRequested { entities, .. } => {
                return self.lock_requested(identity, path, entities);
            }
            _ => return,
        };
        self.calls.insert(path.clone(), call);
        self.effects.note_for_entity(path, ToEntity::Send(message));
    }

    fn lock_requested(&mut self, identity: &Identity, path: &CallPath, entities: Vec<EntityId>) {
        let Some((first, rest)) = entities.split_first() else {
            let nothing = OpenCall::immediate(null(), self.round);
            self.calls.insert(path.clone(), nothing);
            return;
        };
        let request = LockRequest {
            holder: identity.holder(path),
            rest: rest.to_vec(),
        };
        let body = MessageBody::EntityLock(Box::new(request));
        let message = OutgoingMessage::new(Address::Entity(first.clone()), body);
        self.effects.note_for_entity(path, ToEntity::Send(message));
        let section = OpenSection::new(identity.holder(path), entities, self.round);
        self.sections.insert(path.clone(), section);
        let call = OpenCall::new(CallKind::Lock, self.round);
        self.calls.insert(path.clone(), call);
    }

    /// The call of an entity, or the lock, that waits at `path`.
    pub(super) fn pending_of_entity(
        &self,
        identity: &Identity,
        execution: Execution,
        path: &CallPath,
    ) -> Option<()> {
        let call = self
            .pending(path)
            .filter(|_| execution == identity.execution)?;
        matches!(call.kind, CallKind::Entity { .. } | CallKind::Lock).then_some(())
    }

    /// All entities of the lock are locked: its critical section begins.
    pub(super) fn granted(&mut self, path: &CallPath) {
        if let Some(section) = self.sections.get_mut(path) {
            section.granted = true;
        }
    }

    /// Ends the critical section of the lock at `path`, if there is one.
    pub(super) fn release(&mut self, identity: &Identity, path: &CallPath, site: &SourcePlace) {
        if self.round_end.is_some() {
            return;
        }
        let Some(section) = self.sections.remove(path) else {
            return;
        };
        match &mut self.script {
            None => self.decide(identity, HistoryEvent::LockReleased { path: path.clone() }),
            Some(script) => {
                if !script.take_released(path) {
                    let (path, site) = (path.clone(), site.clone());
                    let difference = Difference::NotCancelled { path, site };
                    return self.end_round(RoundEnd::Differs(difference));
                }
            }
        }
        self.end_section(path, &section);
    }

    /// The lock at `path` was not granted and is not wanted any more.
    pub(super) fn withdraw(&mut self, path: &CallPath) {
        if let Some(section) = self.sections.remove(path) {
            self.end_section(path, &section);
        }
    }

    /// The execution is over: gives back every lock that was asked for before the round
    /// `unrecorded`.
    pub(super) fn unlock_all(&mut self, unrecorded: u64) {
        for (path, section) in std::mem::take(&mut self.sections) {
            if section.round < unrecorded {
                self.end_section(&path, &section);
            }
        }
    }

    fn end_section(&mut self, path: &CallPath, section: &OpenSection) {
        if section.granted {
            let unlock = ToEntity::Unlock(section.unlock());
            return self.effects.note_for_entity(path, unlock);
        }
        if let Some(message) = section.withdraw() {
            self.effects
                .note_for_entity(path, ToEntity::Withdraw(message));
        }
    }
}

/// The message that brings an operation to its entity.
pub(super) fn message_to(entity: EntityId, operation: EntityOperation) -> OutgoingMessage {
    let due = operation.due;
    let body = MessageBody::EntityOperation(Box::new(operation));
    OutgoingMessage {
        due,
        ..OutgoingMessage::new(Address::Entity(entity), body)
    }
}

/// What was recorded has a key that could be one then.
fn check_key(entity: &EntityId, limits: &Limits, recorded: bool) -> Result<(), Failure> {
    if recorded {
        return Ok(());
    }
    check_new_key(entity, limits)
}

/// Checks the key of an entity to which something new is sent.
pub(super) fn check_new_key(entity: &EntityId, limits: &Limits) -> Result<(), Failure> {
    entity.check_key()?;
    let (length, limit) = (entity.key().chars().count(), limits.entity_key);
    if length > limit {
        return Err(too_large("the length of the entity's key", length, limit));
    }
    Ok(())
}
