//! A long loop that goes on from its last checkpoint.

use durable_runtime::prelude::*;

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[orchestrator(checkpoint = 6)]
pub(crate) async fn tally(ctx: &OrchestrationContext, steps: Vec<Step>) -> Result<u64, Broken> {
    let mut sum = 1_u64;
    for step in steps {
        ctx.sleep(std::time::Duration::from_millis(step.number * 40))
            .await;
        sum = sum.wrapping_mul(31).wrapping_add(sure(ctx, step).await?);
    }
    Ok(sum)
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let count = draw.between(4, 24);
    let steps: Vec<_> = (0..count)
        .map(|number| Step::drawn(draw, number, faults.activity))
        .collect();
    let sum = steps.iter().try_fold(1_u64, |sum, step| {
        Ok::<_, Broken>(sum.wrapping_mul(31).wrapping_add(step.expected()?))
    });
    Planned::new("tally", json(&steps)).completes(json(&sum.unwrap_or(0)))
}
