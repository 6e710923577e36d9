//! The state machine of an orchestrator as data.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::SourcePlace;
use crate::ids::fnv1a64;

/// What a state is.
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
    /// Several at once, of which the first counts.
    #[serde(rename = "select")]
    FirstOf,
    /// Several at once, of which all count.
    #[serde(rename = "join")]
    AllOf,
    /// Where the arms of a join have all come in: no state to wait in.
    #[serde(rename = "joined")]
    AllDone,
    /// An `async` block: a strand with call numbers of its own.
    #[serde(rename = "branch")]
    AsyncBlock,
    /// A call of an inline helper, which has a machine of its own.
    #[serde(rename = "helper")]
    InlineHelper,
    /// A recorded local value.
    #[serde(rename = "side_effect")]
    LocalValue,
    /// The end of an execution that begins anew.
    #[serde(rename = "continue_as_new")]
    AsNew,
    /// A call that was made before is awaited.
    #[serde(rename = "await")]
    Awaited,
    /// Anything else that is awaited.
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

/// The id of a state: its kind and name, and its number among those of the same name, in the order
/// of the source. It does not change when lines move.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StateId(pub(super) String);

impl StateId {
    /// Where the orchestrator begins.
    pub const START: &'static str = "start";
    /// Where it returns a value.
    pub const COMPLETED: &'static str = "completed";
    /// Where it returns an error.
    pub const FAILED: &'static str = "failed";
    /// Where it continues as new.
    pub const CONTINUED: &'static str = "continued";

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the orchestrator has ended there.
    pub fn is_end(&self) -> bool {
        [Self::COMPLETED, Self::FAILED, Self::CONTINUED].contains(&self.as_str())
    }

    /// Returns whether this is one of the four that are no states of their own.
    pub fn is_pseudo(&self) -> bool {
        self.0 == Self::START || self.is_end()
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Something durable in an orchestrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MachineState {
    /// Its id.
    pub id: StateId,
    /// What it is.
    pub kind: StateKind,
    /// The recorded name of what is called or waited for.
    pub name: String,
    /// What people see.
    pub label: String,
    /// The types that the callee takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// The type that the callee returns.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub returns: String,
    /// What a replay can tell of how it is called: `spawn`, `id`, `retry`, `many`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Where it stands in the source.
    pub place: SourcePlace,
}

/// A way from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edge {
    /// Where it begins.
    pub from: StateId,
    /// Where it leads.
    pub to: StateId,
    /// The conditions under which it is taken, without what may change freely.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<String>,
    /// The conditions for people, cut short.
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
    /// The changes it asks for by `patched`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<String>,
    /// The machines of the helpers that it or they call, by name. A state of kind
    /// [`InlineHelper`](StateKind::InlineHelper) names one of them.
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

    /// Returns the state that a call made at `place` belongs to: the one that stands there. Where
    /// the code was moved since: the only one of that kind and name.
    pub fn find(&self, kind: StateKind, name: &str, place: &SourcePlace) -> Option<&MachineState> {
        // Of these the source does not show the recorded name.
        let nameless = matches!(
            kind,
            StateKind::DurableTimer | StateKind::EntityCall | StateKind::EntityLock
        );
        let same = |state: &&MachineState| state.kind == kind && (nameless || state.name == name);
        let mut there = self.all_states().filter(same);
        if let Some(found) = there.find(|state| state.place == *place) {
            return Some(found);
        }
        let mut alike = self.all_states().filter(same);
        let found = alike.next();
        found.filter(|_| alike.next().is_none())
    }

    /// Returns the shape as text: all that matters to a running instance, and nothing else. Its
    /// lines are sorted, so that the order of match arms does not matter.
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
        lines.sort();
        shape.extend(lines);
        for helper in &self.helpers {
            shape.push_str(&helper.name);
            shape.push_str(&helper.shape());
        }
        shape
    }

    /// Returns the number of the shape: FNV-1a of its text. Part of the format of lock files.
    pub fn fingerprint(&self) -> u64 {
        fnv1a64(self.shape().as_bytes())
    }
}
