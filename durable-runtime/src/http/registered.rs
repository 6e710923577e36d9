//! The entities that the workers of the hub have registered.

use super::problem::Problem;
use crate::commands::Commands;

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
