//! What a request wants, and who decides whether it may.

use async_trait::async_trait;
use axum::http::request::Parts;

use crate::ids::EntityId;
use crate::ids::InstanceId;

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// To look: status, lists, histories, entities, the description of the API.
    Read,
    /// To start instances.
    Start,
    /// To raise events and to signal entities.
    Event,
    /// To terminate, suspend, resume, cancel, rewind, restart and purge instances, and to delete entities.
    Manage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Start, Self::Event, Self::Manage];
}

/// What a request wants to do: each route and method has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Start an instance.
    Start,
    /// List instances.
    ListInstances,
    /// Purge many instances.
    PurgeInstances,
    /// Read the status of an instance.
    ReadStatus,
    /// Follow the status of an instance.
    WatchStatus,
    /// Raise an event to an instance.
    RaiseEvent,
    /// Terminate an instance.
    Terminate,
    /// Suspend an instance.
    Suspend,
    /// Resume an instance.
    Resume,
    /// Cancel an instance.
    Cancel,
    /// Rewind an instance.
    Rewind,
    /// Restart an instance.
    Restart,
    /// Purge an instance.
    Purge,
    /// List entities.
    ListEntities,
    /// Read the state of an entity.
    ReadEntity,
    /// Signal an entity.
    SignalEntity,
    /// Withdraw a delayed signal to an entity.
    WithdrawSignal,
    /// Delete the state of an entity.
    DeleteEntity,
    /// Read what the workers of the hub have registered.
    ReadLanes,
    /// Read the description of the API.
    ReadDescription,
}

impl Action {
    /// Returns the scope that a key needs for it.
    pub fn scope(self) -> Scope {
        match self {
            Self::ListInstances
            | Self::ReadStatus
            | Self::WatchStatus
            | Self::ListEntities
            | Self::ReadEntity
            | Self::ReadLanes
            | Self::ReadDescription => Scope::Read,
            Self::Start => Scope::Start,
            Self::RaiseEvent | Self::SignalEntity => Scope::Event,
            Self::PurgeInstances
            | Self::Terminate
            | Self::Suspend
            | Self::Resume
            | Self::Cancel
            | Self::Rewind
            | Self::Restart
            | Self::Purge
            | Self::WithdrawSignal
            | Self::DeleteEntity => Scope::Manage,
        }
    }
}

/// What a request wants to do it to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// An orchestrator that is to be started, under this id if one was chosen.
    Orchestrator {
        /// Its name.
        name: String,
        /// The id of the instance.
        id: Option<InstanceId>,
    },
    /// All instances.
    Instances,
    /// One instance.
    Instance(InstanceId),
    /// All entities, or those of one name.
    Entities(Option<String>),
    /// One entity.
    Entity(EntityId),
    /// The hub itself.
    Hub,
    /// The API itself.
    Api,
}

/// A request that is to be decided on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Access<'a> {
    /// What it wants to do.
    pub action: Action,
    /// What it wants to do it to.
    pub target: &'a Target,
    /// Its head: headers, URI, and what other layers have left in its extensions.
    pub parts: &'a Parts,
}

/// What an [`Authorizer`] decides.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// It has not said who it is, or not truly: answered with 401.
    Unauthenticated,
    /// Whoever it is may not do that: answered with 403.
    Forbidden,
}

/// Decides who may do what; for what keys with scopes cannot say, such as tokens of an identity
/// provider or rights on single orchestrators.
///
/// ```
/// use durable_runtime::http::{Access, Action, Authorizer, Decision};
///
/// /// Lets those that another layer has authenticated look, and nothing else.
/// #[derive(Debug)]
/// struct Lookers;
///
/// #[derive(Clone)]
/// struct User(String);
///
/// #[async_trait::async_trait]
/// impl Authorizer for Lookers {
///     async fn authorize(&self, access: Access<'_>) -> Decision {
///         match access.parts.extensions.get::<User>() {
///             None => Decision::Unauthenticated,
///             Some(_) if access.action == Action::ReadStatus => Decision::Allow,
///             Some(_) => Decision::Forbidden,
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Authorizer: Send + Sync + std::fmt::Debug + 'static {
    /// Returns whether the request may do what it wants to.
    async fn authorize(&self, access: Access<'_>) -> Decision;
}
