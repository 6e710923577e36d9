//! Suspending and resuming an execution.
//!
//! 1. While it is suspended, it keeps everything that comes in, in order, except what ends or
//!    resumes it.
//! 2. Its continuation is dropped. When it is resumed, it is loaded again, with everything that was
//!    kept.

use super::ending::Ending;
use super::turn::Turn;
use crate::work::Address;
use crate::work::InstanceStatus;
use crate::work::Message;
use crate::work::MessageBody;
use crate::work::Next;
use crate::work::OutgoingMessage;

/// What an execution that does not run is told first.
#[derive(Debug)]
pub(super) enum Told {
    End(Ending),
    Suspend,
    Resume,
}

/// An end that was asked for, with all other messages.
pub(super) type EndAsked = (Ending, Vec<Message>);

impl Turn<'_> {
    /// What a message tells an execution that does not run.
    pub(super) fn told(&self, message: &Message) -> Option<Told> {
        match &message.body {
            MessageBody::Suspend => Some(Told::Suspend),
            MessageBody::Resume => Some(Told::Resume),
            body => Ending::asked_by(body, &self.row).map(Told::End),
        }
    }

    /// Suspends the execution, or leaves it suspended, and keeps `messages`. An end among them that
    /// comes before it is resumed is given back.
    pub(super) fn suspended(
        &mut self,
        mut messages: Vec<Message>,
        begun: bool,
    ) -> Option<EndAsked> {
        self.row.status = InstanceStatus::Suspended;
        self.row.stalled = None;
        self.next = Next::Suspended;
        let first = messages.iter().enumerate().find_map(|(at, message)| {
            let told = match &message.body {
                // Time that runs out while it is suspended counts when it is resumed.
                MessageBody::TimerDue { .. } => None,
                _ => self.told(message),
            };
            let told = told.filter(|told| !matches!(told, Told::Suspend));
            Some((at, told?))
        });
        let Some((at, told)) = first else {
            self.keep_all(messages);
            return None;
        };
        self.consume(&messages[at]);
        messages.remove(at);
        if let Told::End(ending) = told {
            self.drop_before(&ending, &mut messages, at);
            return Some((ending, messages));
        }
        let later = messages.split_off(at);
        self.keep_all(messages);
        self.resumed(later, begun);
        None
    }

    /// What came before a replacement is the old instance's, and goes with it.
    pub(super) fn drop_before(&mut self, end: &Ending, messages: &mut Vec<Message>, at: usize) {
        if matches!(end, Ending::Replaced(_)) {
            for message in messages.drain(..at) {
                self.consume(&message);
            }
        }
    }

    fn keep_all(&mut self, messages: Vec<Message>) {
        for message in messages {
            match message.body {
                MessageBody::Suspend => self.consume(&message),
                _ => self.hold(message),
            }
        }
    }

    /// Lets the execution go on: with what was kept, then with `later`, in a turn of its own.
    fn resumed(&mut self, later: Vec<Message>, begun: bool) {
        self.row.status = if begun {
            InstanceStatus::Running
        } else {
            InstanceStatus::Pending
        };
        self.next = Next::Resumed;
        self.write.unpark = true;
        self.write.parked.clear();
        let own = Address::Key(self.row.key);
        for send in self.write.sends.iter_mut().filter(|send| send.to == own) {
            send.parked = false;
        }
        self.leave_for_later(later, false);
    }

    /// Leaves messages to the next turn: those that are stored as they are, the others stored now.
    pub(super) fn leave_for_later(&mut self, messages: Vec<Message>, parked: bool) {
        for message in messages {
            if message.id.is_none() {
                self.store(message, parked);
            }
        }
    }

    /// Stores a message that only this worker has. The order counts, so that a timer that has fired
    /// is kept as a message too.
    pub(super) fn store(&mut self, message: Message, parked: bool) {
        match message.body {
            // Found again at every load.
            MessageBody::ActivityAttemptLost { .. } => return,
            MessageBody::TimerDue { .. } => self.consume(&message),
            _ => {}
        }
        let to = Address::Key(self.row.key);
        self.write.sends.push(OutgoingMessage {
            parked,
            ..OutgoingMessage::new(to, message.body)
        });
    }
}
