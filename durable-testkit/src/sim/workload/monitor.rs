//! Looks again and again, with a durable timer in between, until what it waits for is there.

use durable_runtime::prelude::*;
use serde::Deserialize;
use serde::Serialize;

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Watch {
    looks: u64,
    pause_millis: u64,
}

/// How often it looked, and whether a pause was too short.
#[orchestrator(status = u64)]
pub(crate) async fn monitor(
    ctx: &OrchestrationContext,
    watch: Watch,
) -> Result<(u64, bool), Broken> {
    let pause = std::time::Duration::from_millis(watch.pause_millis);
    let mut early = false;
    for look in 1.. {
        let step = Step {
            number: look,
            ..Step::default()
        };
        sure(ctx, step).await?;
        ctx.set_status(look);
        if look >= watch.looks {
            break;
        }
        let before = ctx.now();
        ctx.sleep(pause).await;
        early |= ctx.now().since(before) < pause;
    }
    Ok((watch.looks, early))
}

pub(crate) fn planned(draw: &mut Draw, _faults: &Faults) -> Planned {
    let watch = Watch {
        looks: draw.between(1, 5),
        pause_millis: draw.between(1, 30_000),
    };
    let expected = json(&(watch.looks, false));
    Planned::new("monitor", json(&watch)).completes(expected)
}
