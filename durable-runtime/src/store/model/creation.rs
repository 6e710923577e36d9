//! Creating instances and sending to them, from outside.

use super::tables::Tables;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::Created;
use crate::store::Sent;
use crate::store::creation::Beginning;
use crate::store::creation::beginning_of;
use crate::store::creation::first_event;
use crate::store::creation::pending_row;
use crate::work::IfExists;
use crate::work::InstanceRow;
use crate::work::InstanceStatus;
use crate::work::MessageBody;
use crate::work::NewInstance;

impl Tables {
    pub(super) fn instance_create(
        &mut self,
        new: &NewInstance,
        if_exists: &IfExists,
        now: Timestamp,
    ) -> Created {
        let Some(existing) = self.by_id(&new.id) else {
            self.insert(new, now);
            return Created::Created;
        };
        let (key, status) = (existing.key, self.status(existing));
        let command = (key, new.command.clone());
        if existing.command == new.command {
            if mutant(Mutant::StartedAgain) {
                self.insert(new, now);
            }
            return Created::Created;
        }
        let known = self.commands.contains(&command);
        match if_exists {
            IfExists::Use if known => Created::Existed,
            _ if known => Created::Replacing,
            IfExists::Use => match first_event(new) {
                None => Created::Existed,
                Some(_) if status.is_terminal() => Created::Refused(status),
                Some(event) => {
                    self.commands.insert(command);
                    self.send(key, event, false, now);
                    Created::Existed
                }
            },
            IfExists::Replace(statuses) if statuses.contains(&status) => {
                self.commands.insert(command);
                self.send(key, MessageBody::Replace(Box::new(new.clone())), false, now);
                Created::Replacing
            }
            _ => Created::Refused(status),
        }
    }

    /// Creates an instance whose id is free.
    pub(super) fn insert(&mut self, new: &NewInstance, now: Timestamp) {
        let key = InstanceKey(self.number());
        self.ids.insert(new.id.clone(), key);
        self.begin_new(key, Execution::FIRST, new, now);
    }

    /// Begins `execution` of `new` under the key of its id.
    pub(super) fn begin_new(
        &mut self,
        key: InstanceKey,
        execution: Execution,
        new: &NewInstance,
        now: Timestamp,
    ) {
        let unit = self.unit(&new.lane(), &new.id);
        self.begin(pending_row(key, unit, execution, new, now), now);
        if let Some(event) = first_event(new) {
            self.send(key, event, false, now);
        }
    }

    /// Where an instance stands, as far as others are concerned: pending once its replacement is on
    /// its way.
    pub(super) fn status(&self, row: &InstanceRow) -> InstanceStatus {
        if self.is_replaced(row.key) {
            InstanceStatus::Pending
        } else {
            row.status
        }
    }

    pub(super) fn is_replaced(&self, key: InstanceKey) -> bool {
        let mut inbox = self.inbox.values().filter(|received| received.key == key);
        inbox.any(|received| matches!(received.body, MessageBody::Replace(_)))
    }

    /// Puts the row in its place and sees to it that its execution begins.
    fn begin(&mut self, row: InstanceRow, now: Timestamp) {
        match beginning_of(&row, now) {
            Beginning::Message(body) => self.send(row.key, body, false, now),
            Beginning::Timer(timer) => self.set_timer(&timer),
        }
        self.instances.insert(row.key, row);
    }

    pub(super) fn message_send(
        &mut self,
        id: &InstanceId,
        command: &str,
        body: &MessageBody,
        now: Timestamp,
    ) -> Sent {
        let Some(existing) = self.by_id(id) else {
            return Sent::NotFound;
        };
        let (key, status) = (existing.key, existing.status);
        let command = (key, command.to_owned());
        if self.commands.contains(&command) && !mutant(Mutant::CommandNotRemembered) {
            return Sent::Repeated;
        }
        if status.is_terminal() && !mutant(Mutant::EventAfterTheEnd) {
            return Sent::Finished(status);
        }
        self.commands.insert(command);
        self.send(key, body.clone(), false, now);
        Sent::Accepted
    }
}
