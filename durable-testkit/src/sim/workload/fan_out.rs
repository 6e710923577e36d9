//! Many steps side by side, some of which fail for good.

use durable_runtime::prelude::*;
use futures::future::join_all;

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::Trouble;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[orchestrator]
pub(crate) async fn fan_out(
    ctx: &OrchestrationContext,
    steps: Vec<Step>,
) -> Vec<Result<u64, Broken>> {
    join_all(steps.into_iter().map(|step| sure(ctx, step))).await
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let count = draw.between(2, 12);
    let mut steps: Vec<_> = (0..count)
        .map(|number| Step::drawn(draw, number, faults.activity))
        .collect();
    for step in &mut steps {
        if draw.chance(20) {
            step.trouble = if draw.chance(50) {
                Trouble::Hopeless
            } else {
                Trouble::Exhausts
            };
        }
    }
    let results: Vec<_> = steps.iter().map(Step::expected).collect();
    Planned::new("fan_out", json(&steps)).completes(json(&results))
}
