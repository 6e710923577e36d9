//! The functions of a hub: they pass through its gate, its mocks and its persistence points.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;

use durable_runtime::Payload;
use durable_runtime::activity::ActivityInvocation;
use durable_runtime::activity::AttemptEnd;
use durable_runtime::clock::Clock;
use durable_runtime::definition::Callee;
use durable_runtime::definition::OrchestratorDefinition;
use durable_runtime::definition::SourcePlace;
use durable_runtime::failure::EntityProblem;
use durable_runtime::machine::BodyEnd;
use durable_runtime::machine::CallRequest;
use durable_runtime::machine::Cursor;
use durable_runtime::machine::RawCall;
use durable_runtime::machine::StartFn;
use durable_runtime::machine::entity::EntityCode;
use durable_runtime::machine::entity::Invocation;
use durable_runtime::machine::entity::NewState;
use durable_runtime::machine::entity::OperationEnd;
use durable_runtime::panics::message_of;
use durable_runtime::registry::InvokeFn;
use durable_runtime::registry::RegisteredActivity;
use durable_runtime::registry::RegisteredEntity;
use durable_runtime::registry::RegisteredOrchestrator;
use durable_runtime::registry::Registry;
use durable_runtime::registry::StandIn;
use futures::future::BoxFuture;

use super::attempts::Attempts;
use super::attempts::CallRecord;
use super::points::PersistencePoint;
use super::points::Points;
use super::recording::RecordingStore;
use crate::VirtualClock;
use crate::lock::lock;

/// What happens to an activity without a mock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Unmocked {
    /// It runs for real, if it is registered.
    #[default]
    Runs,
    /// The hub refuses it: the instance stalls, and the test fails with the activity's name.
    IsRefused,
}

/// The mocks of a hub; forks share them.
#[derive(Debug, Default)]
pub(crate) struct Mocks(Mutex<HashMap<Callee, Arc<StandIn>>>);

impl Mocks {
    pub(crate) fn add(&self, stand_in: StandIn) {
        lock(&self.0).insert(stand_in.callee(), Arc::new(stand_in));
    }

    fn of(&self, callee: Callee) -> Option<Arc<StandIn>> {
        lock(&self.0).get(&callee).cloned()
    }

    fn of_operation(&self, entity: &str, operation: &str) -> Option<Arc<StandIn>> {
        let mocks = lock(&self.0);
        let mut mocks = mocks.iter();
        let found = mocks.find(|(callee, _)| matches!(callee, Callee::Operation(of, name) if *of == entity && *name == operation));
        found.map(|(_, mock)| Arc::clone(mock))
    }

    fn callees(&self) -> Vec<Callee> {
        lock(&self.0).keys().copied().collect()
    }
}

/// What the functions of a hub run through.
#[derive(Debug)]
pub(crate) struct Functions {
    pub(crate) mocks: Arc<Mocks>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) points: Arc<Points>,
    pub(crate) store: Arc<RecordingStore>,
    pub(crate) clock: VirtualClock,
    pub(crate) unmocked: Unmocked,
    /// What mocked orchestrators answered: a replay, and the twin of an execution, are answered the
    /// same.
    pub(crate) answers: Mutex<HashMap<String, AttemptEnd>>,
}

impl Functions {
    /// The registry that the dispatcher gets. What registered orchestrators call and nobody
    /// registered is there too: it may be mocked later.
    pub(crate) fn wrap(self: &Arc<Self>, registry: &Registry) -> Registry {
        let mut wrapped = registry.clone();
        let real = |callee: Callee| match callee {
            Callee::Activity(name) => registry.activity(name).is_some(),
            Callee::Orchestrator(name, version) => registry.orchestrator(name, version).is_some(),
            Callee::Entity(name) | Callee::Operation(name, _) => registry.entity(name).is_some(),
            _ => true,
        };
        for activity in registry.activities() {
            let mut activity = activity.clone();
            activity.invoke = self.invoke(activity.name, Some(Arc::clone(&activity.invoke)));
            wrapped.replace_activity(activity);
        }
        for orchestrator in registry.orchestrators() {
            let mut orchestrator = orchestrator.clone();
            let start = Arc::clone(&orchestrator.start);
            orchestrator.start = self.start(orchestrator.definition, Some(start));
            wrapped.replace_orchestrator(orchestrator);
        }
        for entity in registry.entities() {
            let code = self.code(entity.name, Some(Arc::clone(&entity.code)));
            wrapped.replace_entity(RegisteredEntity::new(entity.name, code));
        }
        let called = registry
            .orchestrators()
            .flat_map(|orchestrator| (orchestrator.definition.callees)());
        let missing = called.chain(self.mocks.callees());
        for callee in missing.filter(|callee| !real(*callee)) {
            self.add_placeholder(callee, &mut wrapped);
        }
        wrapped
    }

    fn add_placeholder(self: &Arc<Self>, callee: Callee, registry: &mut Registry) {
        match callee {
            Callee::Activity(name) => {
                let activity = RegisteredActivity::new(name, self.invoke(name, None));
                registry.replace_activity(activity);
            }
            Callee::Orchestrator(name, version) => {
                let definition = OrchestratorDefinition::new(name, version, &[], Vec::new, &[]);
                let start = self.start(definition, None);
                registry.replace_orchestrator(RegisteredOrchestrator::new(definition, start));
            }
            Callee::Entity(name) | Callee::Operation(name, _) => {
                registry.replace_entity(RegisteredEntity::new(name, self.code(name, None)));
            }
            _ => {}
        }
    }

    fn invoke(self: &Arc<Self>, name: &'static str, real: Option<Arc<InvokeFn>>) -> Arc<InvokeFn> {
        let functions = Arc::clone(self);
        Arc::new(move |invocation| {
            let attempt = Arc::clone(&functions).attempt(name, real.clone(), invocation);
            Box::pin(attempt)
        })
    }

    async fn attempt(
        self: Arc<Self>,
        name: &'static str,
        real: Option<Arc<InvokeFn>>,
        invocation: ActivityInvocation,
    ) -> AttemptEnd {
        let callee = Callee::Activity(name);
        let (number, place) = self.attempts.call(CallRecord {
            callee,
            input: invocation.input.clone(),
            key: invocation.context.idempotency_key(),
            begun: false,
            lost: false,
            ended: None,
        });
        let stand_in = self.mocks.of(callee);
        let delay = stand_in.as_ref().map(|mock| mock.delay(number));
        let ready_at = self.clock.now() + delay.unwrap_or_default();
        let mut ticket = self.attempts.arrive(name, number, ready_at);
        ticket.released().await;
        self.points.pass(PersistencePoint::BeforeEffect).await;
        self.attempts.begun(place);
        let end = match (stand_in, real) {
            (Some(mock), _) => self.answer(&mock, number, invocation.input.as_ref()),
            (None, Some(real)) if self.unmocked == Unmocked::Runs => real(invocation).await,
            (None, real) => AttemptEnd::Stalled(nobody_answers(callee, real.is_some())),
        };
        self.attempts.ended(place, self.store.len(), &end);
        self.points.pass(PersistencePoint::AfterEffect).await;
        end
    }

    fn answer(&self, mock: &StandIn, number: u64, input: Option<&Payload>) -> AttemptEnd {
        let answered = catch_unwind(AssertUnwindSafe(|| mock.answer(number, input)));
        answered.unwrap_or_else(|panic| {
            let message = message_of(&*panic);
            let report = format!("the mock of {} panicked: {message}", mock.callee());
            self.attempts.panicked(report.clone());
            AttemptEnd::Stalled(report)
        })
    }

    fn answer_once(
        &self,
        place: String,
        mock: &StandIn,
        number: u64,
        input: Option<&Payload>,
    ) -> AttemptEnd {
        let known = lock(&self.answers).get(&place).cloned();
        known.unwrap_or_else(|| {
            let end = self.answer(mock, number, input);
            lock(&self.answers).insert(place, end.clone());
            end
        })
    }

    /// The operations of an entity: those with a mock are answered by it, and leave the state as it
    /// is.
    fn code(
        self: &Arc<Self>,
        entity: &'static str,
        real: Option<Arc<EntityCode>>,
    ) -> Arc<EntityCode> {
        let functions = Arc::clone(self);
        Arc::new(move |invocation| {
            if let Some(mock) = functions.mocks.of_operation(entity, invocation.operation) {
                return functions.operation(&mock, invocation);
            }
            if let Some(real) = &real {
                return real(invocation);
            }
            let report = nobody_answers(Callee::Entity(entity), false);
            functions.attempts.panicked(report);
            no_answer(invocation.operation)
        })
    }

    fn operation(&self, mock: &StandIn, invocation: Invocation<'_>) -> OperationEnd {
        let (number, place) = self.attempts.call(CallRecord {
            callee: mock.callee(),
            input: invocation.input.cloned(),
            key: format!("{} {:?}", invocation.entity, invocation.message),
            begun: true,
            lost: false,
            ended: None,
        });
        let end = if mock.delay(number).is_zero() {
            self.answer(mock, number, invocation.input)
        } else {
            AttemptEnd::Stalled(format!(
                "the mock of {} is to take time, and an operation runs through: leave the time out",
                mock.callee()
            ))
        };
        self.attempts.ended(place, self.store.len(), &end);
        let result = match end {
            AttemptEnd::Completed(value) => Ok(value),
            AttemptEnd::Failed { error, .. } => Err(error),
            AttemptEnd::Stalled(report) => {
                self.attempts.panicked(report);
                return no_answer(invocation.operation);
            }
        };
        OperationEnd::Returned {
            result,
            state: NewState::Kept,
            decisions: Vec::new(),
        }
    }

    fn start(
        self: &Arc<Self>,
        definition: OrchestratorDefinition,
        real: Option<Arc<StartFn>>,
    ) -> Arc<StartFn> {
        let functions = Arc::clone(self);
        let callee = Callee::Orchestrator(definition.name, definition.version);
        Arc::new(move |cursor, input| {
            if let Some(mock) = functions.mocks.of(callee) {
                return Arc::clone(&functions).child(mock, &cursor, input);
            }
            if let Some(real) = &real {
                return real(cursor, input);
            }
            let report = nobody_answers(callee, false);
            Box::pin(std::future::ready(BodyEnd::Stalled(report)))
        })
    }

    /// A mocked orchestrator: a durable timer, if its answer takes time, and the answer.
    fn child(
        self: Arc<Self>,
        mock: Arc<StandIn>,
        cursor: &Cursor,
        input: Option<Payload>,
    ) -> BoxFuture<'static, BodyEnd> {
        let instance = cursor.instance_id().clone();
        let place = format!("{instance} {}", mock.callee());
        let number = self.attempts.call_of_instance(CallRecord {
            callee: mock.callee(),
            key: instance.to_string(),
            input: input.clone(),
            begun: true,
            lost: false,
            ended: None,
        });
        Box::pin(async move {
            let delay = mock.delay(number);
            if !delay.is_zero() {
                let site = SourcePlace(format!("the mock of {}", mock.callee()));
                // A timer yields no value, and cannot fail.
                let _fired = RawCall::new(CallRequest::TimerAfter(delay), site).await;
            }
            match self.answer_once(place, &mock, number, input.as_ref()) {
                AttemptEnd::Completed(value) => BodyEnd::Completed(value),
                AttemptEnd::Failed { error, .. } => BodyEnd::Failed(error),
                AttemptEnd::Stalled(reason) => BodyEnd::Stalled(reason),
            }
        })
    }
}

/// What a caller gets when no mock answers and the test fails.
fn no_answer(operation: &str) -> OperationEnd {
    OperationEnd::Refused(EntityProblem::UnknownOperation {
        operation: operation.to_owned(),
    })
}

fn nobody_answers(callee: Callee, refused: bool) -> String {
    let name = match callee {
        Callee::Activity(name) | Callee::Orchestrator(name, _) => name,
        Callee::Entity(_) | Callee::Operation(..) => {
            return format!(
                "{callee} is neither mocked nor registered: mock its operations with what \
                 `#[entity]` made, or add `.register_entity::<…>()`"
            );
        }
        _ => "it",
    };
    if refused {
        return format!(
            "{callee} is not mocked, and this hub refuses to run it: \
             add `kit.mock({name}::with(…))`"
        );
    }
    format!(
        "{callee} is neither mocked nor registered: \
         add `kit.mock({name}::with(…))` or `.register({name})`"
    )
}
