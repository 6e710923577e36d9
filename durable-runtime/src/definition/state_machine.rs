//! The state machine of an orchestrator as data.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::SourcePlace;
use crate::ids::fnv1a64;

/// The kind of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StateKind {
    /// A call of an activity.
    Activity,
    /// A call of another orchestrator.
    SubOrchestration,
    /// A durable timer.
    #[serde(rename = "timer")]
    DurableTimer,
    /// A wait for an external event.
    #[serde(rename = "event")]
    ExternalEvent,
    /// An operation of an entity.
    EntityCall,
    /// A lock of entities.
    #[serde(rename = "lock")]
    EntityLock,
    /// Several arms at once, of which the first to complete counts.
    #[serde(rename = "select")]
    FirstOf,
    /// Several arms at once, which all must complete.
    #[serde(rename = "join")]
    AllOf,
    /// The point where all arms of a join have completed: nothing waits in this state.
    #[serde(rename = "joined")]
    AllDone,
    /// An `async` block: a strand whose calls are numbered on their own.
    #[serde(rename = "branch")]
    AsyncBlock,
    /// A call of an inline helper, which has its own machine.
    #[serde(rename = "helper")]
    InlineHelper,
    /// A recorded local value.
    #[serde(rename = "side_effect")]
    LocalValue,
    /// The end of an execution that continues as new.
    #[serde(rename = "continue_as_new")]
    AsNew,
    /// The await of a call that was made before.
    #[serde(rename = "await")]
    Awaited,
    /// Any other await.
    #[serde(rename = "unknown")]
    Other,
}

impl StateKind {
    /// Returns the kind as one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::SubOrchestration => "sub_orchestration",
            Self::DurableTimer => "timer",
            Self::ExternalEvent => "event",
            Self::EntityCall => "entity_call",
            Self::EntityLock => "lock",
            Self::FirstOf => "select",
            Self::AllOf => "join",
            Self::AllDone => "joined",
            Self::AsyncBlock => "branch",
            Self::InlineHelper => "helper",
            Self::LocalValue => "side_effect",
            Self::AsNew => "continue_as_new",
            Self::Awaited => "await",
            Self::Other => "unknown",
        }
    }
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The id of a state: its kind and name, and its number among those of the same name, in source
/// order. It does not change when lines move.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateId(pub(super) String);

impl StateId {
    /// The beginning of the orchestrator.
    pub const START: &'static str = "start";
    /// The end with a value.
    pub const COMPLETED: &'static str = "completed";
    /// The end with an error.
    pub const FAILED: &'static str = "failed";
    /// The end by continue-as-new.
    pub const CONTINUED: &'static str = "continued";

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is an end of the orchestrator.
    pub fn is_end(&self) -> bool {
        [Self::COMPLETED, Self::FAILED, Self::CONTINUED].contains(&self.as_str())
    }

    /// Returns whether this is one of the four ids that stand for no state.
    pub fn is_pseudo(&self) -> bool {
        self.0 == Self::START || self.is_end()
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A state of an orchestrator: something durable that it awaits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MachineState {
    /// Its id.
    pub id: StateId,
    /// Its kind.
    pub kind: StateKind,
    /// The recorded name of the callee or event.
    pub name: String,
    /// A label for people.
    pub label: String,
    /// The types that the callee takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The type that the callee returns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub returns: String,
    /// The properties of the call that a replay notices: `spawn`, `id`, `retry`, `many`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Its place in the source.
    pub place: SourcePlace,
}

/// A way from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// The state where it begins.
    pub from: StateId,
    /// The state where it leads.
    pub to: StateId,
    /// The conditions under which it is taken, in a form for comparison, without what may change
    /// freely.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// The conditions in short form, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// The states of an orchestrator or inline helper, and the ways between them.
///
/// ```
/// use durable_runtime::definition::StateKind;
/// use durable_runtime::prelude::*;
///
/// #[activity]
/// async fn charge(cents: u64) -> Result<u64, Failure> {
///     Ok(cents)
/// }
///
/// #[orchestrator]
/// async fn pay(ctx: &OrchestrationContext, cents: u64) -> Result<u64, Failure> {
///     ctx.sleep(hours(1)).await;
///     charge(cents).await
/// }
///
/// fn main() {
///     let machine = pay::state_machine();
///     let states: Vec<_> = machine.states.iter().map(|state| state.id.as_str()).collect();
///     assert_eq!(states, ["timer:sleep", "activity:charge"]);
///     assert_eq!(machine.states[1].kind, StateKind::Activity);
///     assert!(machine.to_mermaid().starts_with("stateDiagram-v2"));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StateMachine {
    /// The recorded name of the orchestrator; the name of a helper.
    pub name: String,
    /// The version; empty for a helper.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The types of the recorded arguments; empty for a helper.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The return type.
    pub returns: String,
    /// The states, in the order of the source.
    pub states: Vec<MachineState>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// The names of the changes that it passes to `patched`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
    /// The machines of all helpers that it calls, directly or through other helpers, by name. A
    /// state of kind [`InlineHelper`](StateKind::InlineHelper) names one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub helpers: Vec<StateMachine>,
}

impl StateMachine {
    /// Returns the state with this id.
    pub fn state(&self, id: &str) -> Option<&MachineState> {
        self.states.iter().find(|state| state.id.as_str() == id)
    }

    /// Returns the machine of the helper of this name.
    pub fn helper(&self, name: &str) -> Option<&StateMachine> {
        self.helpers.iter().find(|helper| helper.name == name)
    }

    /// Returns the states of this machine and of its helpers.
    pub fn all_states(&self) -> impl Iterator<Item = &MachineState> {
        let of_helpers = self.helpers.iter().flat_map(|helper| &helper.states);
        self.states.iter().chain(of_helpers)
    }

    /// Returns the state of a call that was made at `place`: the one at that place, or, if the code
    /// was moved since, the only one of that kind and name.
    pub fn find(&self, kind: StateKind, name: &str, place: &SourcePlace) -> Option<&MachineState> {
        // Of these the source does not show the recorded name.
        let nameless = matches!(
            kind,
            StateKind::DurableTimer | StateKind::EntityCall | StateKind::EntityLock
        );
        let same = |state: &&MachineState| state.kind == kind && (nameless || state.name == name);
        let mut there = self.all_states().filter(same);
        // By place first: one call stands at one place, and several may have the same name.
        if let Some(found) = there.find(|state| state.place == *place) {
            return Some(found);
        }
        let mut alike = self.all_states().filter(same);
        let found = alike.next();
        // A place may have moved since the history was recorded. The name still tells, if no other
        // state has it.
        found.filter(|_| alike.next().is_none())
    }

    /// Returns the shape as text: everything that matters to a running instance, and nothing else.
    /// The lines are sorted, so the order of match arms does not matter.
    pub fn shape(&self) -> String {
        let mut shape = format!("({}) -> {}\n", self.arguments.join(", "), self.returns);
        let states = self.states.iter().map(|state| {
            let (arguments, options) = (state.arguments.join(", "), state.options.join(" "));
            format!(
                "{} ({arguments}) -> {} [{options}]\n",
                state.id, state.returns
            )
        });
        let edges = self.edges.iter().map(|edge| {
            let when = edge.when.join("; ");
            format!("{} -> {} [{when}]\n", edge.from, edge.to)
        });
        let mut lines: Vec<String> = states.chain(edges).collect();
        // The order in the source is no part of the shape: a state that moves is still the same.
        lines.sort();
        shape.extend(lines);
        for helper in &self.helpers {
            shape.push_str(&helper.name);
            shape.push_str(&helper.shape());
        }
        shape
    }

    /// Returns the fingerprint of the shape: the FNV-1a hash of its text. It is part of the format
    /// of lock files.
    pub fn fingerprint(&self) -> u64 {
        fnv1a64(self.shape().as_bytes())
    }
}
