//! What goes wrong by itself, beside others that must not notice.

use durable_runtime::prelude::*;

use super::Expected;
use super::Planned;
use super::json;
use super::step::Step;
use super::step::effect;
use crate::draw::Draw;
use crate::plan::Faults;

/// Panics, in its first turn or later.
#[orchestrator]
pub(crate) async fn panics(_ctx: &OrchestrationContext, later: bool) -> u64 {
    if later {
        let _ = effect(Step::default()).await;
    }
    panic!("planned: an orchestrator")
}

/// Cannot read its input.
#[orchestrator]
pub(crate) async fn misread(_ctx: &OrchestrationContext, number: u64) -> u64 {
    number
}

/// Calls an activity that no worker has.
#[orchestrator]
pub(crate) async fn orphan(_ctx: &OrchestrationContext) -> Result<u64, Failure> {
    nowhere().await
}

#[activity]
pub(crate) async fn nowhere() -> Result<u64, Failure> {
    Ok(0)
}

pub(crate) fn planned(draw: &mut Draw, _faults: &Faults) -> Planned {
    match draw.below(3) {
        0 => Planned::new("panics", json(&draw.chance(50))).expects(Expected::Fails),
        1 => Planned::new("misread", json(&"not a number")).expects(Expected::Stalls),
        _ => Planned::new("orphan", json(&())).expects(Expected::Stalls),
    }
}
