//! Reading.

use super::tables::Received;
use super::tables::Tables;
use crate::clock::Timestamp;
use crate::commands::InstanceFilter;
use crate::commands::InstancePage;
use crate::commands::PageToken;
use crate::history::TurnRecord;
use crate::ids::Execution;
use crate::ids::InstanceId;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::store::InboxMessage;
use crate::store::InboxPage;
use crate::store::Loaded;
use crate::store::StoreError;
use crate::store::TimerPage;
use crate::store::TimerPlace;
use crate::store::Unread;
use crate::store::reading::readable;
use crate::store::reading::readable_or_not;
use crate::store::reading::turn_record;
use crate::store::reading::unread_events;
use crate::work::Heartbeat;
use crate::work::InstanceRow;

impl Tables {
    pub(super) fn load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        let Some(instance) = self.instances.get(&key).cloned() else {
            return Ok(None);
        };
        let messages = self.received(key);
        let execution = instance.execution;
        Ok(Some(Loaded {
            turns: readable_or_not(self.turns(key, execution, instance.checkpoint))?,
            inbox: messages.map(|(id, m)| Self::message(id, m)).collect(),
            // Messages are values here, and never texts that could not be read.
            unreadable: Vec::new(),
            heartbeats: self.heartbeats_of(key),
            instance,
        }))
    }

    pub(super) fn execution_lives(&self, key: InstanceKey, execution: Execution) -> bool {
        let row = self.instances.get(&key);
        row.is_some_and(|row| row.execution == execution && !row.status.is_terminal())
    }

    fn received(&self, key: InstanceKey) -> impl Iterator<Item = (MessageId, &Received)> {
        let mine = self.inbox.iter().filter(move |(_, m)| m.key == key);
        mine.map(|(id, received)| (*id, received))
    }

    pub(super) fn heartbeats_of(&self, key: InstanceKey) -> Vec<Heartbeat> {
        let mine = self.heartbeats.iter().filter(|((of, _, _), _)| *of == key);
        mine.map(|((_, execution, path), progress)| Heartbeat {
            execution: *execution,
            path: path.clone(),
            progress: progress.clone(),
        })
        .collect()
    }

    pub(super) fn turns(
        &self,
        key: InstanceKey,
        execution: Execution,
        from: Option<u64>,
    ) -> Result<Vec<TurnRecord>, StoreError> {
        let rows = self
            .history
            .range((key, execution, from.unwrap_or(0))..=(key, execution, u64::MAX));
        rows.map(|(_, row)| turn_record(row))
            .collect::<Result<_, _>>()
            .map_err(|source| StoreError::UnreadableHistory { key, source })
    }

    pub(super) fn to_load(
        &self,
        units: &[Unit],
        after: Option<InstanceKey>,
        limit: u32,
    ) -> Vec<InstanceKey> {
        let waiting = |row: &&InstanceRow| row.load_at_start && units.contains(&row.unit);
        self.rows_after(after)
            .filter(waiting)
            .map(|row| row.key)
            .take(limit as usize)
            .collect()
    }

    fn rows_after(&self, after: Option<InstanceKey>) -> impl Iterator<Item = &InstanceRow> {
        self.instances
            .values()
            .filter(move |row| Some(row.key) > after)
    }

    /// The rows that `filter` wants, by ascending key.
    pub(super) fn wanted(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
    ) -> impl Iterator<Item = &InstanceRow> {
        self.rows_after(after.map(|token| token.0))
            .map(|row| self.seen(row))
            .filter(|row| self.is_wanted(filter, row))
    }

    fn is_wanted(&self, filter: &InstanceFilter, row: &InstanceRow) -> bool {
        let is_of = |parent: &InstanceId| {
            // By the key: an instance that was purged and started again under its id is another
            // parent.
            let key = self.ids.get(parent).copied();
            key.is_some() && key == row.parent.as_ref().map(|parent| parent.key)
        };
        let mut tags = filter.tags.iter();
        (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
            && is_or_absent(filter.name.as_ref(), &row.name)
            && is_or_absent(filter.version.as_ref(), &row.version)
            && is_or_absent(filter.id.as_ref(), &row.id)
            && filter
                .id_prefix
                .as_ref()
                .is_none_or(|prefix| row.id.as_str().starts_with(prefix))
            && tags.all(|(key, value)| row.tags.get(key) == Some(value))
            && filter.parent.as_ref().is_none_or(is_of)
            && (filter.custom_status.is_none() || filter.custom_status == row.custom_status)
            && filter
                .created_from
                .is_none_or(|from| row.created_at >= from)
            && filter.created_before.is_none_or(|to| row.created_at < to)
            && filter
                .updated_from
                .is_none_or(|from| row.updated_at >= from)
            && filter.updated_before.is_none_or(|to| row.updated_at < to)
    }

    pub(super) fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> InstancePage {
        let limit = limit.max(1) as usize;
        let rows = self.wanted(filter, after);
        let mut instances: Vec<_> = rows.take(limit + 1).cloned().collect();
        let more = instances.len() > limit;
        instances.truncate(limit);
        let last = instances.last().map(|row| PageToken(row.key));
        InstancePage {
            next: last.filter(|_| more),
            instances,
        }
    }

    pub(super) fn inbox_of_units(
        &self,
        units: &[Unit],
        except: &[MessageId],
        after: Option<MessageId>,
        limit: u32,
    ) -> InboxPage {
        let limit = limit.max(1) as usize;
        let later = self.inbox.iter().filter(|(id, _)| Some(**id) > after);
        let addressed = later.filter_map(|(id, received)| {
            // Looked up and not stored with the message, so that it moves with its receiver.
            let unit = self.unit_of(received.key)?;
            // A plain look at everything: the model is to be right at a glance, and is never large.
            let wanted = !received.parked && units.contains(&unit) && !except.contains(id);
            wanted.then(|| InboxMessage {
                key: received.key,
                unit,
                message: Self::message(*id, received),
            })
        });
        let mut messages: Vec<_> = addressed.take(limit + 1).collect();
        let more = messages.len() > limit;
        messages.truncate(limit);
        let last = messages.last().and_then(|received| received.message.id);
        InboxPage {
            messages,
            unreadable: Vec::new(),
            next: last.filter(|_| more),
        }
    }

    pub(super) fn events_unread(&self, key: InstanceKey) -> Result<Unread, StoreError> {
        let Some(row) = self.instances.get(&key).map(|row| self.seen(row)) else {
            return Ok(Unread::default());
        };
        let (execution, checkpoint) = (row.execution, row.checkpoint);
        let messages = self.received(key).map(|(id, m)| Self::message(id, m));
        Ok(Unread {
            turns: readable(self.turns(key, execution, checkpoint))?,
            inbox: unread_events(messages.collect()),
        })
    }

    pub(super) fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        after: Option<TimerPlace>,
        limit: u32,
    ) -> TimerPage {
        let limit = limit.max(1) as usize;
        let due = self.timers.iter().filter(|(_, set)| set.due <= until);
        let later = due.filter(|(_, set)| Some(set.place()) > after);
        let mut found: Vec<_> = later
            .filter_map(|(id, set)| Some((self.unit_of(id.key)?, id, set)))
            .filter(|(unit, _, _)| units.contains(unit))
            .collect();
        found.sort_by_key(|(_, _, set)| set.place());
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().map(|(_, _, set)| set.place());
        let timers = found.iter().map(|(unit, id, set)| (*unit, set.timer(id)));
        TimerPage {
            timers: timers.collect(),
            next: last.filter(|_| more),
        }
    }
}

fn is_or_absent<T: PartialEq>(wanted: Option<&T>, is: &T) -> bool {
    wanted.is_none_or(|wanted| wanted == is)
}
