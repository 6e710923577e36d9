//! An activity that takes its process down, each time.

use durable_runtime::prelude::*;

use super::Planned;
use super::json;
use super::step::Site;
use crate::draw::Draw;
use crate::plan::Faults;

#[activity]
pub(crate) async fn takes_down(site: State<Site>) {
    site.world.inner().doomed.push(site.process);
    std::future::pending::<()>().await;
}

/// Asks for that, and says what came of it.
#[orchestrator]
pub(crate) async fn deadly(
    _ctx: &OrchestrationContext,
    is_deadly: bool,
) -> Result<String, Failure> {
    if !is_deadly {
        return Ok("nothing".to_owned());
    }
    match takes_down().await {
        Err(Failure::WorkerLost { .. }) => Ok("it is to blame".to_owned()),
        other => other.map(|()| "it has lived".to_owned()),
    }
}

/// Where several workers share a hub, each counts deaths of its own: two culprits that change hands
/// with each death are not found there.
pub(super) fn planned(_draw: &mut Draw, faults: &Faults) -> Planned {
    let is_deadly = faults.deadly;
    let said = if is_deadly {
        "it is to blame"
    } else {
        "nothing"
    };
    Planned::new("deadly", json(&is_deadly)).completes(json(&said))
}
