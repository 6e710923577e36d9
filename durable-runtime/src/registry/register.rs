//! The registry itself.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::Register;
use super::RegisteredActivity;
use super::RegisteredEntity;
use super::RegisteredOrchestrator;
use super::RegistryError;
use super::error::Problem;
use super::suggest::closest;
use crate::activity::Activity;
use crate::activity::RequiredState;
use crate::activity::States;
use crate::commands::OrchestratorCode;
use crate::definition::Callee;
use crate::entity::Entity;
use crate::ids::Lane;
use crate::mutants::Mutant;
use crate::mutants::mutant;
use crate::orchestration::Orchestrator;
#[cfg(feature = "schemars")]
use crate::schemas::PayloadSchemas;

/// The functions that a worker can run.
///
/// ```
/// use durable_runtime::prelude::*;
/// use durable_runtime::registry::Registry;
///
/// #[activity]
/// async fn charge(cents: u64) -> u64 {
///     cents
/// }
///
/// #[orchestrator]
/// async fn pay(_ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
///     charge(cents).await
/// }
///
/// let mut registry = Registry::default();
/// registry.register(pay);
/// registry.register(charge);
/// assert!(registry.check().is_ok());
/// assert!(registry.activity("charge").is_some());
/// ```
#[derive(Debug, Default, Clone)]
pub struct Registry {
    /// By name, then by version.
    orchestrators: BTreeMap<&'static str, BTreeMap<&'static str, RegisteredOrchestrator>>,
    activities: BTreeMap<&'static str, RegisteredActivity>,
    entities: BTreeMap<&'static str, RegisteredEntity>,
    problems: Vec<Problem>,
}

impl Registry {
    /// Adds a function with `#[activity]` or `#[orchestrator]`. You may add it twice. If you add
    /// another function of the same name, [`check`](Self::check) reports it.
    pub fn register<F: Register<Signature>, Signature>(&mut self, function: F) {
        function.register_in(self);
    }

    /// Adds an entity. You may add it twice. If you add another entity of the same name,
    /// [`check`](Self::check) reports it.
    pub fn register_entity<E: Entity>(&mut self) {
        let entity = RegisteredEntity::of::<E>();
        let there = self.entities.entry(E::NAME).or_insert(entity);
        // The same type registered twice is no mistake: modules may each register what they use.
        if there.id != TypeId::of::<E>() {
            self.problems.push(Problem::TwoEntities { name: E::NAME });
        }
    }

    pub(super) fn add_activity<A: Activity>(&mut self) {
        let activity = RegisteredActivity::of::<A>();
        let there = self.activities.entry(A::NAME).or_insert(activity);
        if there.id != TypeId::of::<A>() {
            self.problems.push(Problem::TwoActivities { name: A::NAME });
        }
    }

    pub(super) fn add_orchestrator<O: Orchestrator>(&mut self) {
        let (name, version) = (O::DEFINITION.name, O::DEFINITION.version);
        let orchestrator = RegisteredOrchestrator::of::<O>();
        let versions = self.orchestrators.entry(name).or_default();
        let there = versions.entry(version).or_insert(orchestrator);
        if there.id != TypeId::of::<O>() {
            self.problems
                .push(Problem::TwoOrchestrators { name, version });
        }
    }

    /// Returns the orchestrator of that name and version.
    pub fn orchestrator(&self, name: &str, version: &str) -> Option<&RegisteredOrchestrator> {
        let versions = self.orchestrators.get(name)?;
        if mutant(Mutant::WrongVersion) {
            return versions.values().next_back();
        }
        versions.get(version)
    }

    /// Returns the activity of that name.
    pub fn activity(&self, name: &str) -> Option<&RegisteredActivity> {
        self.activities.get(name)
    }

    /// Replaces the activity of the same name by `activity`, or adds it.
    pub fn replace_activity(&mut self, activity: RegisteredActivity) {
        self.activities.insert(activity.name, activity);
    }

    /// Replaces the orchestrator of the same name and version by `orchestrator`, or adds it.
    pub fn replace_orchestrator(&mut self, orchestrator: RegisteredOrchestrator) {
        let (name, version) = (
            orchestrator.definition.name,
            orchestrator.definition.version,
        );
        let versions = self.orchestrators.entry(name).or_default();
        versions.insert(version, orchestrator);
    }

    /// Replaces the entity of the same name by `entity`, or adds it.
    pub fn replace_entity(&mut self, entity: RegisteredEntity) {
        self.entities.insert(entity.name, entity);
    }

    /// Returns all entities, by name.
    pub fn entities(&self) -> impl Iterator<Item = &RegisteredEntity> {
        self.entities.values()
    }

    /// Returns all activities, by name.
    pub fn activities(&self) -> impl Iterator<Item = &RegisteredActivity> {
        self.activities.values()
    }

    /// Returns the entity of that name.
    pub fn entity(&self, name: &str) -> Option<&RegisteredEntity> {
        self.entities.get(name)
    }

    /// Returns the lanes that a worker with these functions can serve.
    pub fn lanes(&self) -> Vec<Lane> {
        let lane = |registered: &RegisteredOrchestrator| {
            Lane::orchestrator(registered.definition.name, registered.definition.version)
        };
        let entities = self.entities.keys().map(|name| Lane::entity(name));
        self.orchestrators().map(lane).chain(entities).collect()
    }

    /// Returns the orchestrators, by name and version.
    pub fn orchestrators(&self) -> impl Iterator<Item = &RegisteredOrchestrator> {
        self.orchestrators.values().flat_map(BTreeMap::values)
    }

    /// What is known of the orchestrators' types without running them.
    pub fn code(&self) -> Arc<[OrchestratorCode]> {
        let code = self
            .orchestrators()
            .filter_map(|registered| registered.code);
        code.collect()
    }

    /// Returns the schemas of the payloads of orchestrators and their events.
    #[cfg(feature = "schemars")]
    pub fn payload_schemas(&self) -> PayloadSchemas {
        let orchestrators = self.orchestrators();
        PayloadSchemas::collect(
            orchestrators.map(|registered| (registered.definition.name, &registered.schemas)),
        )
    }

    /// Checks that the functions fit together.
    ///
    /// # Errors
    /// [`RegistryError`], which lists everything: functions of the same name, activities with a
    /// queue, events of the same name in one orchestrator, and every callee of a registered
    /// orchestrator that is not registered.
    pub fn check(&self) -> Result<(), RegistryError> {
        // All of them at once: whoever has to add ten registrations should not have to start ten
        // times.
        let mut problems = self.problems.clone();
        problems.extend(self.activities().filter_map(queued));
        for orchestrator in self.orchestrators() {
            problems.extend(equal_events(orchestrator));
            problems.extend(self.not_registered(orchestrator));
        }
        RegistryError::unless_empty(problems)
    }

    /// Checks that `states`, or what is `added` to them before an activity runs, has every state that
    /// an activity takes.
    ///
    /// # Errors
    /// [`RegistryError`], which lists the missing ones.
    pub fn check_states(&self, states: &States, added: &[TypeId]) -> Result<(), RegistryError> {
        let missing = self.activities.values().flat_map(|activity| {
            let is_there = |state: &RequiredState| states.has(state) || state.is_one_of(added);
            let missing = activity.states.iter().filter(move |state| !is_there(state));
            missing.map(|state| Problem::MissingState {
                activity: activity.name,
                state: state.name(),
            })
        });
        RegistryError::unless_empty(missing.collect())
    }

    /// Returns the registered orchestrator of which `name` is probably a misspelling.
    pub fn similar_orchestrator(&self, name: &str) -> Option<&'static str> {
        closest(name, self.orchestrators.keys().copied())
    }

    fn not_registered<'a>(
        &'a self,
        caller: &'a RegisteredOrchestrator,
    ) -> impl Iterator<Item = Problem> + 'a {
        let callees = (caller.definition.callees)().into_iter();
        let missing = callees.filter(|callee| !self.has(callee));
        missing.map(|callee| Problem::NotRegistered {
            caller: caller.definition.name,
            callee,
            suggestion: self.suggestion(callee),
        })
    }

    fn has(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Activity(name) => self.activity(name).is_some(),
            Callee::Orchestrator(name, version) => self.orchestrator(name, version).is_some(),
            Callee::Entity(name) | Callee::Operation(name, _) => self.entity(name).is_some(),
        }
    }

    fn suggestion(&self, callee: Callee) -> Option<&'static str> {
        match callee {
            Callee::Activity(name) => closest(name, self.activities.keys().copied()),
            Callee::Orchestrator(name, _) => self.similar_orchestrator(name),
            Callee::Entity(name) | Callee::Operation(name, _) => {
                closest(name, self.entities.keys().copied())
            }
        }
    }
}

/// No worker has queues yet, so what was to limit an activity would not.
fn queued(activity: &RegisteredActivity) -> Option<Problem> {
    Some(Problem::Queued {
        activity: activity.name,
        queue: activity.queue.clone()?,
    })
}

fn equal_events(orchestrator: &RegisteredOrchestrator) -> Vec<Problem> {
    let mut seen: BTreeMap<String, &'static str> = BTreeMap::new();
    let mut problems = Vec::new();
    for second in orchestrator.definition.events {
        // As events are matched (E1).
        if let Some(first) = seen.insert(second.to_lowercase(), second) {
            problems.push(Problem::EqualEvents {
                orchestrator: orchestrator.definition.name,
                first,
                second,
            });
        }
    }
    problems
}
