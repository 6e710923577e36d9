//! Sub-orchestrations of sub-orchestrations, and their end from outside.

use durable_runtime::prelude::*;
use futures::future::join_all;
use serde::Deserialize;
use serde::Serialize;

use super::Expected;
use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Family {
    millis: u64,
    step: Step,
    children: Vec<Family>,
    /// The children may take no longer.
    limit_millis: Option<u64>,
}

#[orchestrator]
pub(crate) async fn family(ctx: &OrchestrationContext, tree: Family) -> Result<u64, Broken> {
    ctx.sleep(std::time::Duration::from_millis(tree.millis))
        .await;
    let limit = tree.limit_millis.map(std::time::Duration::from_millis);
    let children = tree.children.into_iter().map(|child| {
        let call = family(child);
        match limit {
            Some(limit) => call.timeout(limit),
            None => call,
        }
    });
    let ended = join_all(children).await.into_iter().flatten().count();
    sure(ctx, tree.step).await?;
    Ok(ended as u64)
}

fn drawn(draw: &mut Draw, faults: &Faults, depth: u64) -> Family {
    let children = if depth == 0 { 0 } else { draw.between(0, 3) };
    let mut family = Family {
        millis: draw.below(8_000),
        step: Step::drawn(draw, depth, faults.activity),
        children: (0..children)
            .map(|_| drawn(draw, faults, depth - 1))
            .collect(),
        limit_millis: draw.chance(15).then(|| draw.between(1, 15_000)),
    };
    if family.limit_millis.is_some() && draw.chance(50) {
        family.children.push(Family::patient());
    }
    family
}

impl Family {
    /// One that outlives all others, unless it is ended with them.
    fn patient() -> Self {
        Self {
            millis: 60 * 60 * 1_000,
            step: Step::default(),
            children: Vec::new(),
            limit_millis: None,
        }
    }
}

/// How many children end well when nothing stops them.
fn ends_well(tree: &Family) -> Option<u64> {
    if tree.limit_millis.is_some() {
        return None;
    }
    for child in &tree.children {
        ends_well(child)?;
    }
    Some(tree.children.len() as u64)
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let mut tree = drawn(draw, faults, 2);
    if draw.chance(40) {
        if draw.chance(50) {
            tree.children.push(Family::patient());
        }
        let planned = Planned::new("family", json(&tree));
        return planned.terminated().expects(Expected::Anything);
    }
    let planned = Planned::new("family", json(&tree));
    match ends_well(&tree) {
        Some(count) => planned.completes(json(&count)),
        None => planned.expects(Expected::Anything),
    }
}
