//! What others see of instances, and how many events wait to be read.

use super::tables::Tables;
use crate::clock::Timestamp;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::store::showing;
use crate::store::showing::Wish;
use crate::work::MessageBody;

impl Tables {
    /// Puts a client's message into the inbox of an instance, and remembers its command.
    pub(super) fn accept(
        &mut self,
        key: InstanceKey,
        command: &str,
        body: MessageBody,
        now: Timestamp,
    ) {
        self.commands.insert((key, command.to_owned()));
        match &body {
            MessageBody::EventRaised { .. } => *self.unread.entry(key).or_default() += 1,
            // Nobody can have sent an event to what is to come.
            MessageBody::Replace(new) => {
                self.unread.insert(key, u64::from(new.event.is_some()));
            }
            _ => {}
        }
        let is_wish = body.is_wish();
        self.send(key, body, false, now);
        if is_wish {
            self.show(key);
        }
    }

    /// How many events nobody has read.
    pub(super) fn unread(&self, key: InstanceKey) -> u64 {
        self.unread.get(&key).copied().unwrap_or(0)
    }

    /// Works out anew what others see of an instance.
    pub(super) fn show(&mut self, key: InstanceKey) {
        let Some(row) = self.instances.get(&key) else {
            return;
        };
        let begun = self.has_begun(key, row.execution);
        let shown = showing::shown(row, begun, &self.wishes(key));
        match shown {
            Some(shown) => self.shown.insert(key, shown),
            None => self.shown.remove(&key),
        };
    }

    fn has_begun(&self, key: InstanceKey, execution: Execution) -> bool {
        let turns = (key, execution, 0)..=(key, execution, u64::MAX);
        self.history.range(turns).next().is_some()
    }

    fn wishes(&self, key: InstanceKey) -> Vec<Wish> {
        let mine = self.inbox.values().filter(|message| message.key == key);
        let wishes = mine.filter(|message| message.body.is_wish());
        wishes
            .map(|message| (message.at, message.body.clone()))
            .collect()
    }

    /// Counts the events that nobody has read: `taken` by the execution, and those in the inbox.
    /// While a replacement is on its way the number is that of what is to come.
    pub(super) fn count_unread(&mut self, key: InstanceKey, taken: u64) {
        let mine = || self.inbox.values().filter(|message| message.key == key);
        let is_replaced = mine().any(|m| matches!(m.body, MessageBody::Replace(_)));
        if !is_replaced && self.instances.contains_key(&key) {
            self.recount(key, taken);
        }
    }

    /// Counts the events that nobody has read, whatever is on its way.
    pub(super) fn recount(&mut self, key: InstanceKey, taken: u64) {
        let mine = self.inbox.values().filter(|message| message.key == key);
        let raised = mine.filter(|m| matches!(m.body, MessageBody::EventRaised { .. }));
        let waiting = raised.count() as u64;
        self.unread.insert(key, taken + waiting);
    }
}
