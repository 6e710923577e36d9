//! Creating instances and sending to them, from outside.

use super::tables::Tables;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::store::Created;
use crate::store::Sent;
use crate::store::creation::Beginning;
use crate::store::creation::beginning_of;
use crate::store::creation::pending_row;
use crate::work::IfExists;
use crate::work::InstanceRow;
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
        let (key, status) = (existing.key, existing.status);
        let command = (key, new.command.clone());
        if existing.command == new.command {
            return Created::Created;
        }
        if self.commands.contains(&command) {
            return Created::Replacing;
        }
        match if_exists {
            IfExists::Use => Created::Existed,
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
        let unit = self.unit(&new.lane(), &new.id);
        self.ids.insert(new.id.clone(), key);
        self.begin(pending_row(key, unit, Execution::FIRST, new, now), now);
    }

    /// Puts the row in its place and sees to it that its execution begins.
    pub(super) fn begin(&mut self, row: InstanceRow, now: Timestamp) {
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
        if self.commands.contains(&command) {
            return Sent::Repeated;
        }
        if status.is_terminal() {
            return Sent::Finished(status);
        }
        self.commands.insert(command);
        self.send(key, body.clone(), false, now);
        Sent::Accepted
    }
}
