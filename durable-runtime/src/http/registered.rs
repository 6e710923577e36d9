//! The functions that the workers of the hub have registered.

use super::problem::Problem;
use crate::payload::Payload;
use crate::work::Commands;

/// The version of an orchestrator for a start: the requested one, else the newest.
///
/// # Errors
/// 400 when no worker has it.
pub(super) async fn version_of(
    commands: &dyn Commands,
    name: &str,
    version: Option<&str>,
) -> Result<String, Problem> {
    let lanes = commands.lanes().await?;
    let of_name = lanes
        .iter()
        .filter_map(|lane| lane.as_orchestrator())
        .filter(|(known, _)| *known == name);
    let versions: Vec<_> = of_name.map(|(_, version)| version).collect();
    let found = match version {
        Some(version) => versions.iter().find(|known| **known == version),
        None => versions.iter().max_by_key(|version| rank(version)),
    };
    match found {
        Some(version) => Ok((*version).to_owned()),
        None if versions.is_empty() => {
            let message = format!("no worker of this hub has an orchestrator `{name}`");
            Err(Problem::bad_request(message))
        }
        None => {
            let known = versions.join("`, `");
            let message =
                format!("no worker of this hub has that version of `{name}`: there is `{known}`");
            Err(Problem::bad_request(message))
        }
    }
}

/// The input in the form that the orchestrator of that name and version takes. This needs its code in
/// this process. Without the code it returns the input unchanged, and the instance checks it.
///
/// # Errors
/// 400, with the place of the mistake.
pub(super) fn input_for(
    commands: &dyn Commands,
    name: &str,
    version: &str,
    input: Option<Payload>,
) -> Result<Option<Payload>, Problem> {
    let Some(code) = commands.code_of(name, version) else {
        return Ok(input);
    };
    code.input(input).map_err(|error| {
        let mistake = error.mistake();
        Problem::bad_request(format!("the input is not what `{name}` takes: {mistake}"))
    })
}

/// The name of an entity as its code spells it: tools of Durable Functions write it in small letters.
/// `None` if no worker has such an entity.
pub(super) async fn entity_name(
    commands: &dyn Commands,
    name: &str,
) -> Result<Option<String>, Problem> {
    let lanes = commands.lanes().await?;
    let known: Vec<_> = lanes.iter().filter_map(|lane| lane.as_entity()).collect();
    let same = known.iter().find(|known| **known == name);
    let mut alike = known
        .iter()
        .filter(|known| known.to_lowercase() == name.to_lowercase());
    let found = same.or_else(|| match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    });
    Ok(found.map(|name| (*name).to_owned()))
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
