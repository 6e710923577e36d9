//! Deleting instances that have ended.

use super::tables::Tables;
use crate::commands::InstanceFilter;
use crate::commands::PageToken;
use crate::commands::Purged;
use crate::ids::InstanceKey;
use crate::store::purging::ended_only;
use crate::work::InstanceRow;

impl Tables {
    pub(super) fn purge(
        &mut self,
        filter: &InstanceFilter,
        children: bool,
        after: Option<PageToken>,
        limit: u32,
    ) -> Purged {
        let Some(filter) = ended_only(filter) else {
            return Purged {
                instances: 0,
                next: None,
            };
        };
        let limit = limit.max(1) as usize;
        let mut page: Vec<_> = self
            .wanted(&filter, after)
            .map(|row| row.key)
            .take(limit + 1)
            .collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let last = page.last().copied().filter(|_| more).map(PageToken);
        let (keys, cut) = if children {
            self.with_descendants(page, limit)
        } else {
            (page, false)
        };
        for key in &keys {
            self.delete(*key);
        }
        let again = after.unwrap_or(PageToken(InstanceKey(i64::MIN)));
        Purged {
            instances: keys.len() as u64,
            next: if cut { Some(again) } else { last },
        }
    }

    /// `level` with all that is below it; or, where that is too much, a lower level with all that
    /// is below that one, and `true`.
    fn with_descendants(
        &self,
        mut level: Vec<InstanceKey>,
        limit: usize,
    ) -> (Vec<InstanceKey>, bool) {
        let (mut all, mut cut) = (Vec::new(), false);
        loop {
            let next: Vec<_> = self
                .instances
                .values()
                .map(|row| self.seen(row))
                .filter(|row| is_purged_with(row, &level))
                .map(|row| row.key)
                .take(limit)
                .collect();
            all.append(&mut level);
            if next.is_empty() {
                // What the filter wants may be a child as well.
                all.sort_unstable();
                all.dedup();
                return (all, cut);
            }
            // The level above goes with a later call: no instance goes before those below it.
            if all.len() + next.len() > limit {
                all.clear();
                cut = true;
            }
            level = next;
        }
    }

    fn delete(&mut self, key: InstanceKey) {
        self.end_execution(key);
        self.history.retain(|(of, _, _), _| *of != key);
        self.inbox.retain(|_, received| received.key != key);
        self.commands.retain(|(of, _)| *of != key);
        self.shown.remove(&key);
        self.unread.remove(&key);
        if let Some(row) = self.instances.remove(&key) {
            self.ids.remove(&row.id);
        }
    }
}

fn is_purged_with(row: &InstanceRow, parents: &[InstanceKey]) -> bool {
    let attached = row.parent.as_ref().filter(|parent| !parent.detached);
    attached.is_some_and(|parent| parents.contains(&parent.key)) && row.status.is_terminal()
}
