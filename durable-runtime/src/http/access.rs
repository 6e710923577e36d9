//! The actions of requests, and the decision whether a request may do them.

use async_trait::async_trait;
use axum::http::request::Parts;

use crate::ids::EntityId;
use crate::ids::InstanceId;

/// A permission of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Read status, lists, histories, entities and the description of the API.
    Read,
    /// Start instances.
    Start,
    /// Raise events and signal entities.
    Event,
    /// Terminate, suspend, resume, cancel, rewind, restart and purge instances, and delete
    /// entities.
    Manage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Start, Self::Event, Self::Manage];
}

/// The action of a request: each route and method has one.
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
    /// Returns the scope that a key needs for this action.
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
            // Both hand something in and take nothing out.
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

/// The target of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// An orchestrator to start, with the id if the caller chose one.
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

/// A request to decide on.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Access<'a> {
    /// Its action.
    pub action: Action,
    /// The target of the action.
    pub target: &'a Target,
    /// Its head: headers, URI, and the extensions that other layers added.
    pub parts: &'a Parts,
}

/// The decision of an [`Authorizer`].
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request may do it.
    Allow,
    /// The sender is not known, or cannot prove who it is: the answer is 401.
    Unauthenticated,
    /// The sender may not do this: the answer is 403.
    Forbidden,
}

/// Decides who may do what. Use it for rules that keys with scopes cannot express, such as tokens of
/// an identity provider or permissions for single orchestrators.
///
/// ```
/// use durable_runtime::http::{Access, Action, Authorizer, Decision};
///
/// /// Lets users that another layer has authenticated read statuses, and nothing else.
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
    /// Decides whether the request may do its action.
    async fn authorize(&self, access: Access<'_>) -> Decision;
}
