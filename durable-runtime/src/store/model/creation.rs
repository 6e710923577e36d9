//! Creating instances and sending to them, from outside.

use super::tables::Tables;
use crate::clock::Timestamp;
use crate::commands::IfExists;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::store::Created;
use crate::store::InstanceCommand;
use crate::store::Sent;
use crate::store::creation::Beginning;
use crate::store::creation::beginning_of;
use crate::store::creation::first_event;
use crate::store::creation::pending_row;
use crate::work::InstanceRow;
use crate::work::MessageBody;
use crate::work::NewInstance;

impl Tables {
    pub(super) fn instance_create(
        &mut self,
        new: &NewInstance,
        if_exists: &IfExists,
        most_unread: u64,
        now: Timestamp,
    ) -> Created {
        let Some(existing) = self.by_id(&new.id) else {
            self.insert(new, now);
            return Created::Created;
        };
        let (key, status) = (existing.key, existing.status);
        // By the row of its owner: what shows may be a replacement, whose command is another one.
        let owned = self.instances.get(&key);
        if owned.is_some_and(|row| row.command == new.command) {
            if mutant(Mutant::StartedAgain) {
                self.insert(new, now);
            }
            return Created::Created;
        }
        // Before the policy: what has taken effect once does not do so again.
        let known = self.commands.contains(&(key, new.command.clone()));
        match if_exists {
            IfExists::Use if known => Created::Existed,
            _ if known => Created::Replacing,
            IfExists::Use => match first_event(new) {
                None => Created::Existed,
                Some(_) if status.is_terminal() => Created::Refused(status),
                Some(_) if self.unread(key) >= most_unread => Created::Backlogged,
                Some(event) => {
                    self.accept(key, &new.command, event, now);
                    Created::Existed
                }
            },
            IfExists::Replace(statuses) if statuses.contains(&status) => {
                let body = MessageBody::Replace(Box::new(new.clone()));
                self.accept(key, &new.command, body, now);
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
        // After the event that it begins with, which counts.
        self.recount(key, 0);
        self.show(key);
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
        sent: &InstanceCommand,
        now: Timestamp,
    ) -> Sent {
        let Some(existing) = self.by_id(id) else {
            return Sent::NotFound;
        };
        let (key, status, lane) = (existing.key, existing.status, existing.lane());
        let InstanceCommand { command, body, .. } = sent;
        let known = self.commands.contains(&(key, command.clone()));
        if known && !mutant(Mutant::CommandNotRemembered) {
            return Sent::Repeated;
        }
        if status.is_terminal() && !mutant(Mutant::EventAfterTheEnd) {
            return Sent::Finished(status);
        }
        if sent.refused_by.contains(&lane) {
            return Sent::Refused(lane);
        }
        let is_event = matches!(body, MessageBody::EventRaised { .. });
        if is_event && self.unread(key) >= sent.most_unread {
            if mutant(Mutant::BacklogDropped) {
                return Sent::Accepted;
            }
            return Sent::Backlogged;
        }
        self.accept(key, command, body.clone(), now);
        Sent::Accepted
    }
}
