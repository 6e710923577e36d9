//! The versions of orchestrators that the workers of a hub have registered.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use crate::ids::Lane;

/// An orchestrator, or a version of one, that no worker of the hub has registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub struct NotRegistered {
    /// The name of the orchestrator.
    pub orchestrator: String,
    /// The versions of it that are registered.
    pub versions: Vec<String>,
}

impl fmt::Display for NotRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orchestrator,
            versions,
        } = self;
        if versions.is_empty() {
            return write!(
                f,
                "no worker of this hub has an orchestrator `{orchestrator}`"
            );
        }
        let known = versions.join("`, `");
        write!(
            f,
            "no worker of this hub has that version of `{orchestrator}`: there is `{known}`"
        )
    }
}

/// Returns the version that a start of the orchestrator `name` gets: `asked`, or else the newest of
/// those in `lanes`.
///
/// # Errors
/// [`NotRegistered`] if it is not in `lanes`.
pub fn version_for(
    lanes: &[Lane],
    name: &str,
    asked: Option<&str>,
) -> Result<String, NotRegistered> {
    let of_name = lanes
        .iter()
        .filter_map(Lane::as_orchestrator)
        .filter(|(known, _)| *known == name);
    let versions: Vec<_> = of_name.map(|(_, version)| version).collect();
    let found = match asked {
        Some(asked) => versions.iter().find(|known| **known == asked),
        None => versions.iter().max_by_key(|version| rank(version)),
    };
    match found {
        Some(version) => Ok((*version).to_owned()),
        None => Err(NotRegistered {
            orchestrator: name.to_owned(),
            versions: versions.into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// The rank of a version among others. It compares numbers by their value, so 10 comes after 9.
fn rank(version: &str) -> Vec<(Option<u64>, String)> {
    let parts = version.split(['.', '-', '+', '_']);
    parts
        .map(|part| (part.parse().ok(), part.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let ordered = ["1", "1.2", "1.10", "2", "10", "2026-01-31"];
        assert!(ordered.is_sorted_by(|a, b| rank(a) < rank(b)));
    }
}
