//! One step after the other.

use durable_runtime::prelude::*;

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[orchestrator]
pub(crate) async fn chain(ctx: &OrchestrationContext, steps: Vec<Step>) -> Result<u64, Broken> {
    let mut sum = 0_u64;
    for step in steps {
        sum = sum.wrapping_mul(31).wrapping_add(sure(ctx, step).await?);
    }
    Ok(sum)
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let count = draw.between(1, 8);
    let steps: Vec<_> = (0..count)
        .map(|number| Step::drawn(draw, number, faults.activity))
        .collect();
    let sum = steps.iter().try_fold(0_u64, |sum, step| {
        Ok::<_, Broken>(sum.wrapping_mul(31).wrapping_add(step.expected()?))
    });
    Planned::new("chain", json(&steps)).completes(json(&sum.unwrap_or(0)))
}
