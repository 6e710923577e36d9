//! Critical sections, from the lock request to their end.

use super::cursor::Cursor;
use crate::definition::SourcePlace;
use crate::ids::CallPath;
use crate::ids::EntityId;
use crate::work::Address;
use crate::work::LockHolder;
use crate::work::MessageBody;
use crate::work::OutgoingMessage;

/// A lock that was asked for and not given back.
#[derive(Debug, Clone)]
pub(super) struct OpenSection {
    holder: LockHolder,
    /// In the order in which they are locked.
    pub(super) entities: Vec<EntityId>,
    pub(super) granted: bool,
    /// The round that asked.
    pub(super) round: u64,
}

impl OpenSection {
    pub(super) fn new(holder: LockHolder, entities: Vec<EntityId>, round: u64) -> Self {
        Self {
            holder,
            entities,
            granted: false,
            round,
        }
    }

    pub(super) fn has(&self, entity: &EntityId) -> bool {
        self.granted && self.entities.contains(entity)
    }

    /// What tells the entities that this is over.
    pub(super) fn end(&self) -> Vec<OutgoingMessage> {
        if self.granted {
            return self.unlock();
        }
        self.withdraw().into_iter().collect()
    }

    /// All entities are told at once: each was sent everything of the section before.
    pub(super) fn unlock(&self) -> Vec<OutgoingMessage> {
        let unlock = |entity: &EntityId| {
            let to = Address::Entity(entity.clone());
            OutgoingMessage::new(to, MessageBody::EntityUnlock(self.holder.clone()))
        };
        self.entities.iter().map(unlock).collect()
    }

    /// The withdrawal goes from entity to entity, as the request did.
    pub(super) fn withdraw(&self) -> Option<OutgoingMessage> {
        let (first, rest) = self.entities.split_first()?;
        let body = MessageBody::EntityWithdraw {
            holder: self.holder.clone(),
            rest: rest.to_vec(),
        };
        Some(OutgoingMessage::new(Address::Entity(first.clone()), body))
    }
}

/// A critical section that user code holds. If user code drops it while the orchestration runs, the
/// section ends. In all other cases the machine releases the lock.
#[derive(Debug)]
pub struct Section {
    cursor: Cursor,
    path: CallPath,
    site: SourcePlace,
}

impl Section {
    pub(super) fn new(cursor: Cursor, path: CallPath, site: SourcePlace) -> Self {
        Self { cursor, path, site }
    }

    /// Returns the call path of the lock.
    pub fn path(&self) -> &CallPath {
        &self.path
    }
}

const DROPPED: &str = "a part of a lock was dropped";

impl Drop for Section {
    /// As with calls: an evicted or crashed orchestration must keep its locks.
    fn drop(&mut self) {
        if std::thread::panicking() || !self.cursor.is_inside(DROPPED, &self.site) {
            return;
        }
        let identity = self.cursor.identity();
        self.cursor
            .state()
            .release(identity, &self.path, &self.site);
    }
}
