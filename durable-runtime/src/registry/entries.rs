//! The entries of a registry.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::activity::Activity;
use crate::activity::ActivityInvocation;
use crate::activity::AttemptEnd;
use crate::activity::RequiredState;
use crate::commands::OrchestratorCode;
use crate::definition::OrchestratorDefinition;
use crate::entity::Entity;
use crate::entity::run_operation;
use crate::machine::StartFn;
use crate::machine::entity::EntityCode;
use crate::orchestration::Orchestrator;
use crate::payload::Arguments;
#[cfg(feature = "schemars")]
use crate::schemas::OrchestratorSchemas;

/// A registered orchestrator.
#[derive(Clone)]
pub struct RegisteredOrchestrator {
    /// Its definition, which is known without running it.
    pub definition: OrchestratorDefinition,
    /// Starts its body.
    pub start: Arc<StartFn>,
    /// What is known of its types; nothing of a mock's.
    pub code: Option<OrchestratorCode>,
    /// The schemas of its types.
    #[cfg(feature = "schemars")]
    pub schemas: OrchestratorSchemas,
    pub(super) id: TypeId,
}

impl RegisteredOrchestrator {
    pub(super) fn of<O: Orchestrator>() -> Self {
        Self {
            definition: O::DEFINITION,
            start: Arc::new(O::start),
            code: Some(code::<O>()),
            #[cfg(feature = "schemars")]
            schemas: O::schemas(),
            id: TypeId::of::<O>(),
        }
    }

    /// Creates an orchestrator with this body instead of a generated one, for mocks.
    pub fn new(definition: OrchestratorDefinition, start: Arc<StartFn>) -> Self {
        Self {
            definition,
            start,
            // Its input is not known, so no client can be told that it does not fit.
            code: None,
            #[cfg(feature = "schemars")]
            schemas: OrchestratorSchemas::default(),
            id: TypeId::of::<Self>(),
        }
    }
}

fn code<O: Orchestrator>() -> OrchestratorCode {
    OrchestratorCode {
        name: O::DEFINITION.name,
        version: O::DEFINITION.version,
        takes_arguments: O::Arguments::COUNT > 0,
        check: |input| O::Arguments::decode(input).map(drop),
        events: O::EVENTS,
    }
}

impl fmt::Debug for RegisteredOrchestrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.fmt(f)
    }
}

/// Makes one attempt of an activity.
pub type InvokeFn = dyn Fn(ActivityInvocation) -> BoxFuture<'static, AttemptEnd> + Send + Sync;

/// A registered activity.
#[derive(Clone)]
pub struct RegisteredActivity {
    /// Its name.
    pub name: &'static str,
    /// Whether its body is not async and runs on the blocking pool.
    pub blocking: bool,
    /// Makes one attempt.
    pub invoke: Arc<InvokeFn>,
    /// How many attempts may run at once in one worker.
    pub max_concurrent: Option<usize>,
    /// The queue that its attribute names.
    pub(super) queue: Option<String>,
    pub(super) states: Vec<RequiredState>,
    pub(super) id: TypeId,
}

impl RegisteredActivity {
    pub(super) fn of<A: Activity>() -> Self {
        Self {
            name: A::NAME,
            blocking: A::BLOCKING,
            invoke: Arc::new(A::invoke),
            max_concurrent: A::MAX_CONCURRENT,
            queue: A::options().queue,
            states: A::states(),
            id: TypeId::of::<A>(),
        }
    }

    /// Creates an activity with this body instead of a generated one, for mocks. It takes no
    /// states.
    pub fn new(name: &'static str, invoke: Arc<InvokeFn>) -> Self {
        Self {
            name,
            blocking: false,
            invoke,
            max_concurrent: None,
            queue: None,
            states: Vec::new(),
            id: TypeId::of::<Self>(),
        }
    }
}

impl fmt::Debug for RegisteredActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredActivity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A registered entity.
#[derive(Clone)]
pub struct RegisteredEntity {
    /// Its name.
    pub name: &'static str,
    /// Runs its operations.
    pub code: Arc<EntityCode>,
    pub(super) id: TypeId,
}

impl RegisteredEntity {
    pub(super) fn of<E: Entity>() -> Self {
        Self {
            name: E::NAME,
            code: Arc::new(run_operation::<E>),
            id: TypeId::of::<E>(),
        }
    }

    /// Creates an entity with this body instead of a generated one, for mocks.
    pub fn new(name: &'static str, code: Arc<EntityCode>) -> Self {
        Self {
            name,
            code,
            id: TypeId::of::<Self>(),
        }
    }
}

impl fmt::Debug for RegisteredEntity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredEntity")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
