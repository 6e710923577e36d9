//! Two versions of one orchestrator, while workers are replaced one by one.

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

pub(crate) mod before {
    use durable_runtime::prelude::*;

    use super::Broken;
    use super::Step;
    use super::sure;

    #[orchestrator(name = "rolling", version = "1")]
    pub(crate) async fn rolling(
        ctx: &OrchestrationContext,
        steps: Vec<Step>,
    ) -> Result<u64, Broken> {
        let mut sum = 1;
        for step in steps {
            sum += sure(ctx, step).await?;
            ctx.sleep(seconds(1)).await;
        }
        Ok(sum)
    }
}

pub(crate) mod after {
    use durable_runtime::prelude::*;

    use super::Broken;
    use super::Step;
    use super::sure;

    #[orchestrator(name = "rolling", version = "2")]
    pub(crate) async fn rolling(
        ctx: &OrchestrationContext,
        steps: Vec<Step>,
    ) -> Result<u64, Broken> {
        let mut sum = 1_000_000;
        for step in steps {
            ctx.sleep(seconds(2)).await;
            sum += sure(ctx, step).await?;
        }
        Ok(sum)
    }
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let count = draw.between(1, 4);
    let steps: Vec<_> = (0..count)
        .map(|number| Step::drawn(draw, number, faults.activity))
        .collect();
    let sum: u64 = steps.iter().filter_map(|step| step.expected().ok()).sum();
    let newer = draw.chance(50);
    let (version, begin) = if newer { ("2", 1_000_000) } else { ("1", 1) };
    Planned::new("rolling", json(&steps))
        .version(version)
        .completes(json(&(begin + sum)))
}
