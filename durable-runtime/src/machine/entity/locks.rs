//! How an entity handles locks.

use super::batch::Batch;
use crate::ids::EntityId;
use crate::work::Address;
use crate::work::LockHolder;
use crate::work::LockRequest;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::OutgoingMessage;

impl Batch<'_> {
    /// Is locked, and passes the request on; or lets it wait in line.
    pub(super) fn lock(&mut self, message: Message, request: LockRequest) {
        if let Some(at) = self.withdrawn(&request.holder) {
            self.row.withdrawn.remove(at);
            return self.consume(&message);
        }
        if self.row.lock.is_some() {
            return self.block(message);
        }
        self.row.lock = Some(request.holder.clone());
        self.consume(&message);
        let onward = match next_of(request.rest) {
            Some((next, rest)) => {
                let holder = request.holder;
                let request = LockRequest { holder, rest };
                let body = MessageBody::EntityLock(Box::new(request));
                OutgoingMessage::new(Address::Entity(next), body)
            }
            None => granted(request.holder),
        };
        self.write.sends.push(onward);
    }

    fn withdrawn(&self, holder: &LockHolder) -> Option<usize> {
        let withdrawn = self.row.withdrawn.iter();
        withdrawn.into_iter().position(|by| by == holder)
    }

    /// The lock ends. Whoever has it not any more says so in vain.
    pub(super) fn unlock(&mut self, holder: &LockHolder) {
        if self.row.lock.as_ref() != Some(holder) {
            return;
        }
        self.row.lock = None;
        self.reload = self.row.load_at_start || !self.blocked.is_empty();
    }

    /// The lock is not wanted any more. Its request came here before: it is held, or waits in line;
    /// then it went no further.
    pub(super) fn withdraw(&mut self, holder: &LockHolder, rest: &[EntityId]) {
        if self.row.lock.as_ref() == Some(holder) {
            self.unlock(holder);
            if let Some((next, rest)) = next_of(rest.to_vec()) {
                let holder = holder.clone();
                let body = MessageBody::EntityWithdraw { holder, rest };
                let onward = OutgoingMessage::new(Address::Entity(next), body);
                self.write.sends.push(onward);
            }
            return;
        }
        let waits = self.blocked.iter().position(|message| {
            matches!(&message.body, MessageBody::EntityLock(request) if request.holder == *holder)
        });
        match waits {
            Some(at) => {
                let request = self.blocked.remove(at);
                self.consume(&request);
            }
            None => self.row.withdrawn.push(holder.clone()),
        }
    }
}

fn next_of(entities: Vec<EntityId>) -> Option<(EntityId, Vec<EntityId>)> {
    let mut entities = entities.into_iter();
    let next = entities.next()?;
    Some((next, entities.collect()))
}

fn granted(holder: LockHolder) -> OutgoingMessage {
    let LockHolder {
        key,
        execution,
        path,
        ..
    } = holder;
    let body = MessageBody::LockGranted { execution, path };
    OutgoingMessage::new(Address::Key(key), body)
}
