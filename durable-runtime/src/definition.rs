//! The definition of a function, which is known without running it.

mod diagram;
mod resolve;
mod state_machine;
mod table;

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

pub use resolve::FunctionStates;
pub use resolve::Resolution;
pub use resolve::Resolved;
pub use state_machine::Edge;
pub use state_machine::MachineState;
pub use state_machine::StateId;
pub use state_machine::StateKind;
pub use state_machine::StateMachine;
pub use table::EdgeRow;
pub use table::Node;
pub use table::Signature;
pub use table::StateOp;
pub use table::StateRow;
pub use table::StateTable;

use crate::retry::RetryPolicy;

/// An `.await` in the source of an orchestrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// The number of the site in its function, in source order.
    pub number: u32,
    /// The file, as the compiler names it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The awaited expression as it stands in the source, on one line.
    pub expression: &'static str,
}

impl Site {
    /// Creates a site; for generated code.
    pub const fn new(
        number: u32,
        file: &'static str,
        line: u32,
        column: u32,
        expression: &'static str,
    ) -> Self {
        Self {
            number,
            file,
            line,
            column,
            expression,
        }
    }
}

/// Where in the source a call was made, as it is recorded: `file:line:column`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourcePlace(pub String);

impl SourcePlace {
    /// Returns the place of a `#[track_caller]` function's caller.
    pub fn of(location: &std::panic::Location<'_>) -> Self {
        Self(format!(
            "{}:{}:{}",
            location.file(),
            location.line(),
            location.column()
        ))
    }

    /// Returns whether this is a place in the standard library, where no user wrote a call.
    pub(crate) fn is_of_the_standard_library(&self) -> bool {
        // As the compiler is built, and where its sources are installed.
        self.0.starts_with("/rustc/") || self.0.contains("/rustlib/src/rust/library/")
    }

    /// Returns file, line and column, if it has that form.
    pub fn parts(&self) -> Option<(&str, usize, usize)> {
        // From the end: on Windows a path has a colon of its own.
        let (rest, column) = self.0.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some((file, line.parse().ok()?, column.parse().ok()?))
    }
}

impl std::fmt::Display for SourcePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A callee of an orchestrator: its kind and name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Callee {
    /// An activity, by name.
    Activity(&'static str),
    /// A sub-orchestration, by name and version.
    Orchestrator(&'static str, &'static str),
    /// An entity, by name.
    Entity(&'static str),
    /// An operation of an entity, by the names of both; a mock stands in for it.
    Operation(&'static str, &'static str),
}

impl std::fmt::Display for Callee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Activity(name) => write!(f, "activity `{name}`"),
            Self::Orchestrator(name, version) => {
                write!(f, "orchestrator `{name}` version `{version}`")
            }
            Self::Entity(name) => write!(f, "entity `{name}`"),
            Self::Operation(entity, name) => write!(f, "operation `{name}` of entity `{entity}`"),
        }
    }
}

/// The definition of an orchestrator, which is known without running it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct OrchestratorDefinition {
    /// The name under which instances are stored.
    pub name: &'static str,
    /// The version; by default `"1"`.
    pub version: &'static str,
    /// The await sites, in source order.
    pub sites: &'static [Site],
    /// Lists the callees that the macro saw in the source.
    pub callees: fn() -> Vec<Callee>,
    /// The names of the events that it declares.
    pub events: &'static [&'static str],
    /// Its types.
    pub signature: Signature,
    /// Its states as the macro saw them.
    pub table: StateTable,
    /// Its state machine.
    pub states: Option<fn() -> StateMachine>,
}

impl OrchestratorDefinition {
    /// Creates a definition; for generated code.
    pub const fn new(
        name: &'static str,
        version: &'static str,
        sites: &'static [Site],
        callees: fn() -> Vec<Callee>,
        events: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            version,
            sites,
            callees,
            events,
            signature: Signature::new(&[], ""),
            table: StateTable::EMPTY,
            states: None,
        }
    }

    /// Returns the definition with its types and states; for generated code.
    #[must_use]
    pub const fn with_states(
        mut self,
        signature: Signature,
        table: StateTable,
        states: fn() -> StateMachine,
    ) -> Self {
        self.signature = signature;
        self.table = table;
        self.states = Some(states);
        self
    }

    /// Returns its state machine; without states if its macro emitted none.
    pub fn state_machine(&self) -> StateMachine {
        if let Some(states) = self.states {
            return states();
        }
        // Made by hand and without callees: all that its table calls is unknown.
        let nothing = Resolution::new();
        let (signature, table) = (self.signature, self.table);
        let known = FunctionStates::new(self.name, self.version, signature, table, &nothing);
        known.into_machine(Vec::new())
    }
}

/// The options of a call, as recorded when it is scheduled.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallOptions {
    /// When to try again; `None` for one attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// The time limit of one attempt of an activity, of a whole sub-orchestration, or of the wait
    /// for the answer of an entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The longest time between two heartbeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_timeout: Option<Duration>,
    /// The queue, for activities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// A label for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}
