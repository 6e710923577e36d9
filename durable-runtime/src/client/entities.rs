//! Lists of entities, page by page.

use std::sync::Arc;

use super::ClientError;
use crate::clock::Timestamp;
use crate::commands::Commands;
use crate::commands::EntityFilter;
use crate::commands::EntityListing;
use crate::entity::Entity;
use crate::ids::EntityId;
use crate::ids::InstanceId;
use crate::payload::CodecError;
use crate::payload::Payload;

/// An entity of any type, as it was when it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityInfo(EntityListing);

impl EntityInfo {
    pub(super) fn new(listing: EntityListing) -> Self {
        Self(listing)
    }

    /// Returns the entity's name and key.
    pub fn id(&self) -> &EntityId {
        &self.0.row.id
    }

    /// Returns whether the entity has a state. A list shows an entity without a state only while
    /// the entity is locked or messages wait for it.
    pub fn has_state(&self) -> bool {
        self.0.has_state
    }

    /// Returns the recorded state, if the list was asked for states.
    pub fn state(&self) -> Option<&Payload> {
        self.0.row.state.as_ref()
    }

    /// Returns the state, if the list was asked for states.
    ///
    /// # Errors
    /// [`CodecError`] if the recorded state does not decode as an `E`.
    pub fn state_as<E: Entity>(&self) -> Result<Option<E>, CodecError> {
        self.state().map(E::load).transpose()
    }

    /// Returns the version of the code that wrote the state.
    pub fn version(&self) -> Option<&str> {
        self.0.row.version.as_deref()
    }

    /// Returns when the state last changed.
    pub fn changed_at(&self) -> Timestamp {
        self.0.row.changed_at
    }

    /// Returns when the entity got its first message.
    pub fn created_at(&self) -> Timestamp {
        self.0.row.created_at
    }

    /// Returns how many messages wait for the entity, including delayed signals.
    pub fn backlog(&self) -> u64 {
        self.0.backlog
    }

    /// Returns the orchestration that has locked the entity.
    pub fn locked_by(&self) -> Option<&InstanceId> {
        self.0.row.lock.as_ref().map(|holder| &holder.instance)
    }
}

/// A query for entities; by default it lists all of them. Entities without a state are listed only
/// while they are locked or messages wait for them.
///
/// ```
/// # use durable_runtime::client::{Client, ClientError};
/// # async fn example(client: Client) -> Result<(), ClientError> {
/// let mut pages = client.entities().name("Account").key_prefix("eu-").page(100);
/// while let Some(entities) = pages.next_page().await? {
///     for entity in entities {
///         println!("{} {}", entity.id(), entity.backlog());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is listed before `page(..)` and `next_page().await`"]
pub struct Entities {
    commands: Arc<dyn Commands>,
    filter: EntityFilter,
}

impl Entities {
    pub(super) fn new(commands: Arc<dyn Commands>) -> Self {
        Self {
            commands,
            filter: EntityFilter::default(),
        }
    }

    /// Lists only entities of this name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.filter.name = Some(name.into());
        self
    }

    /// Lists only entities whose key begins with `prefix`.
    pub fn key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.filter.key_prefix = Some(prefix.into());
        self
    }

    /// Lists only entities whose state changed at `time` or later.
    pub fn changed_from(mut self, time: Timestamp) -> Self {
        self.filter.changed_from = Some(time);
        self
    }

    /// Lists only entities whose state changed before `time`.
    pub fn changed_before(mut self, time: Timestamp) -> Self {
        self.filter.changed_before = Some(time);
        self
    }

    /// Lists the states too.
    pub fn with_state(mut self) -> Self {
        self.filter.with_state = true;
        self
    }

    /// Returns the list in pages of at most `size` entities, by name and key.
    pub fn page(self, size: u32) -> EntityPages {
        EntityPages {
            entities: self,
            size,
            after: None,
            is_over: false,
        }
    }
}

/// Pages of entities; made by [`Entities::page`].
#[derive(Debug)]
#[must_use = "nothing is listed before `next_page().await`"]
pub struct EntityPages {
    entities: Entities,
    size: u32,
    after: Option<EntityId>,
    is_over: bool,
}

impl EntityPages {
    /// Returns the next page; `None` after the last.
    ///
    /// # Errors
    /// [`ClientError::Store`].
    pub async fn next_page(&mut self) -> Result<Option<Vec<EntityInfo>>, ClientError> {
        if self.is_over {
            return Ok(None);
        }
        let Entities { commands, filter } = &self.entities;
        let page = commands.entities(filter, self.after.as_ref(), self.size);
        let page = page.await?;
        self.is_over = page.next.is_none();
        self.after = page.next;
        let entities: Vec<_> = page.entities.into_iter().map(EntityInfo::new).collect();
        Ok(Some(entities).filter(|entities| !entities.is_empty()))
    }
}
