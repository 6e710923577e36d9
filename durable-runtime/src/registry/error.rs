//! Why a registry cannot be used.

use std::fmt;

use crate::definition::Callee;

/// All mistakes in a registry, one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryError {
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Problem {
    #[error(
        "two activities are named `{name}`: rename one of them with `#[activity(name = \"…\")]` [D029]"
    )]
    TwoActivities { name: &'static str },
    #[error(
        "two entities are named `{name}`: rename one of them with `#[entity(name = \"…\")]` [D029]"
    )]
    TwoEntities { name: &'static str },
    #[error(
        "two orchestrators are `{name}` version `{version}`: give one of them another name or version [D029]"
    )]
    TwoOrchestrators {
        name: &'static str,
        version: &'static str,
    },
    #[error(
        "orchestrator `{orchestrator}` declares the events `{first}` and `{second}`, which are the same name, because case does not count [D027]"
    )]
    EqualEvents {
        orchestrator: &'static str,
        first: &'static str,
        second: &'static str,
    },
    #[error(
        "orchestrator `{caller}` calls {}, which is not registered{}: add `.{}` [D035]",
        callee, hint(*suggestion), registration(callee)
    )]
    NotRegistered {
        caller: &'static str,
        callee: Callee,
        suggestion: Option<&'static str>,
    },
    #[error(
        "activity `{activity}` has `queue = \"{queue}\"`, but workers have no queues yet: remove the option"
    )]
    Queued {
        activity: &'static str,
        queue: String,
    },
    #[error(
        "activity `{activity}` takes `State<{state}>`, which the runtime was not given: add `.state(…)`"
    )]
    MissingState {
        activity: &'static str,
        state: &'static str,
    },
}

fn registration(callee: &Callee) -> String {
    match callee {
        Callee::Activity(name) | Callee::Orchestrator(name, _) => format!("register({name})"),
        Callee::Entity(name) | Callee::Operation(name, _) => format!("register_entity::<{name}>()"),
    }
}

fn hint(suggestion: Option<&'static str>) -> String {
    suggestion
        .map(|name| format!(" (there is `{name}`: did you mean that?)"))
        .unwrap_or_default()
}

impl RegistryError {
    /// Nothing, if there are no problems.
    pub(super) fn unless_empty(mut problems: Vec<Problem>) -> Result<(), Self> {
        // Sorted and once each: two callers of the same missing function are two problems, the same
        // call twice is one.
        problems.sort();
        problems.dedup();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Self { problems })
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the registered functions do not fit together")?;
        for problem in &self.problems {
            write!(f, "\n- {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RegistryError {}
