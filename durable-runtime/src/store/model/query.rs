//! Reading.

use super::tables::Received;
use super::tables::Tables;
use crate::clock::Timestamp;
use crate::history::TurnRecord;
use crate::ids::Execution;
use crate::ids::InstanceKey;
use crate::ids::MessageId;
use crate::ids::Unit;
use crate::store::InboxMessage;
use crate::store::Loaded;
use crate::store::StoreError;
use crate::store::reading::turn_record;
use crate::store::reading::unread_event;
use crate::work::Heartbeat;
use crate::work::InstanceFilter;
use crate::work::InstancePage;
use crate::work::InstanceRow;
use crate::work::PageToken;
use crate::work::Timer;
use crate::work::UnreadEvent;

impl Tables {
    pub(super) fn load(&self, key: InstanceKey) -> Result<Option<Loaded>, StoreError> {
        let Some(instance) = self.instances.get(&key).cloned() else {
            return Ok(None);
        };
        let messages = self.received(key);
        let execution = instance.execution;
        Ok(Some(Loaded {
            turns: self.turns(key, execution, instance.checkpoint)?,
            inbox: messages.map(|(id, m)| Self::message(id, m)).collect(),
            heartbeats: self.heartbeats_of(key),
            instance,
        }))
    }

    fn received(&self, key: InstanceKey) -> impl Iterator<Item = (MessageId, &Received)> {
        let mine = self.inbox.iter().filter(move |(_, m)| m.key == key);
        mine.map(|(id, received)| (*id, received))
    }

    fn heartbeats_of(&self, key: InstanceKey) -> Vec<Heartbeat> {
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

    pub(super) fn list(
        &self,
        filter: &InstanceFilter,
        after: Option<PageToken>,
        limit: u32,
    ) -> InstancePage {
        let limit = limit.max(1) as usize;
        let wanted = |row: &&InstanceRow| {
            (filter.statuses.is_empty() || filter.statuses.contains(&row.status))
                && filter.name.as_ref().is_none_or(|name| *name == row.name)
        };
        let rows = self.rows_after(after.map(|token| token.0)).filter(wanted);
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
        limit: u32,
    ) -> Vec<InboxMessage> {
        let addressed = self.inbox.iter().filter_map(|(id, received)| {
            let unit = self.unit_of(received.key)?;
            let wanted = !received.parked && units.contains(&unit) && !except.contains(id);
            wanted.then(|| InboxMessage {
                key: received.key,
                unit,
                message: Self::message(*id, received),
            })
        });
        addressed.take(limit as usize).collect()
    }

    pub(super) fn events_unread(&self, key: InstanceKey) -> Vec<UnreadEvent> {
        let messages = self.received(key).map(|(id, m)| Self::message(id, m));
        messages.filter_map(unread_event).collect()
    }

    pub(super) fn timers_due(
        &self,
        units: &[Unit],
        until: Timestamp,
        limit: u32,
    ) -> Vec<(Unit, Timer)> {
        let due = self.timers.iter().filter(|(_, set)| set.due <= until);
        let mut found: Vec<_> = due
            .filter_map(|(id, set)| Some((self.unit_of(id.key)?, id, set)))
            .filter(|(unit, _, _)| units.contains(unit))
            .collect();
        found.sort_by_key(|(_, _, set)| (set.due, set.number));
        found.truncate(limit as usize);
        found
            .iter()
            .map(|(unit, id, set)| (*unit, set.timer(id)))
            .collect()
    }
}
