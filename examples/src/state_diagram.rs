//! The state machines of these examples as Mermaid diagrams.

use std::fmt;

use crate::registry::registry;

/// There is no orchestrator of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    similar: Option<&'static str>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no orchestrator `{}`", self.name)?;
        match self.similar {
            Some(similar) => write!(f, ": did you mean `{similar}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownName {}

/// Returns the diagram of the orchestrator `name`; without a name, those of all, each under its
/// name.
///
/// # Errors
/// [`UnknownName`].
pub fn diagrams(name: Option<&str>) -> Result<String, UnknownName> {
    let registry = registry();
    let orchestrators = registry.orchestrators();
    let Some(name) = name else {
        let all = orchestrators.map(|orchestrator| {
            let machine = orchestrator.definition.state_machine();
            format!("%% {}\n{}", machine.name, machine.to_mermaid())
        });
        return Ok(all.collect::<Vec<_>>().join("\n"));
    };
    let named = orchestrators.filter(|orchestrator| orchestrator.definition.name == name);
    let newest = named.last().ok_or_else(|| UnknownName {
        name: name.to_owned(),
        similar: registry.similar_orchestrator(name),
    })?;
    Ok(newest.definition.state_machine().to_mermaid())
}
