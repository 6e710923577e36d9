//! External events: early, in the middle, late; raced with a timer; over continue-as-new.

use durable_runtime::prelude::*;
use futures::future::Either;
use futures::future::select;
use serde::Deserialize;
use serde::Serialize;

use super::Expected;
use super::Planned;
use super::Told;
use super::chain::chain;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::effect;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Race {
    limit_millis: u64,
}

/// The approval that came in time, if one did; and how long that took.
#[orchestrator(events(Told))]
pub(crate) async fn approval(ctx: &OrchestrationContext, race: Race) -> (Option<u64>, bool) {
    let limit = std::time::Duration::from_millis(race.limit_millis);
    let before = ctx.now();
    select! {
        told = ctx.wait_for::<Told>() => (Some(told.number), false),
        () = ctx.sleep(limit) => (None, ctx.now().since(before) < limit),
    }
}

pub(crate) fn planned_approval(draw: &mut Draw, _faults: &Faults) -> Planned {
    let race = Race {
        limit_millis: draw.between(1, 20_000),
    };
    let raises = draw.between(0, 3);
    Planned::new("approval", json(&race))
        .raises(raises)
        .expects(Expected::FirstOrNone)
}

/// Reads so many events, with steps in between.
#[orchestrator(events(Told))]
pub(crate) async fn reads(ctx: &OrchestrationContext, count: u64) -> Result<Vec<u64>, Broken> {
    let mut read = Vec::new();
    for number in 0..count {
        // A waiter that is dropped loses nothing, even if its event came while it was not looked at.
        match select(ctx.wait_for::<Told>(), ctx.sleep(seconds(3))).await {
            Either::Left((told, _)) => {
                read.push(told.number);
                continue;
            }
            Either::Right(((), unread)) => {
                let step = Step {
                    number,
                    millis: number % 2 * 3_000,
                    ..Step::default()
                };
                sure(ctx, step).await?;
                drop(unread);
            }
        }
        read.push(ctx.wait_for::<Told>().await.number);
    }
    Ok(read)
}

pub(crate) fn planned_reads(draw: &mut Draw, _faults: &Faults) -> Planned {
    let count = draw.between(1, 4);
    let raises = count + draw.between(0, 2);
    Planned::new("reads", json(&count))
        .raises(raises)
        .early(draw.chance(50))
        .expects(Expected::InOrder)
        .needs(count)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "which lap of how many")]
pub(crate) struct Lap {
    lap: u64,
    laps: u64,
    /// Whether every lap has a child: those of the odd ones are under way at its end.
    children: bool,
    read: Vec<u64>,
}

/// In place of an event, where a child told something else than it should.
const WRONG_CHILD: u64 = 1_000_000;

/// Continues as new again and again, with an activity and a child under way and events coming in.
#[orchestrator(events(Told))]
pub(crate) async fn laps(ctx: &OrchestrationContext, mut lap: Lap) -> Vec<u64> {
    let step = Step {
        millis: [60_000, 0, 10_000][usize::try_from(lap.lap % 3).unwrap_or(0)],
        ..Step::default()
    };
    let is_odd = lap.lap % 2 == 1;
    let child = chain(vec![Step {
        number: lap.lap,
        millis: if is_odd { 60_000 } else { 0 },
        ..Step::default()
    }]);
    let mut child_under_way = None;
    if lap.children && is_odd {
        child_under_way = Some(child.spawn());
    } else if lap.children && child.await != Ok(lap.lap * 7 + 1) {
        lap.read.push(WRONG_CHILD);
    }
    let under_way = effect(step).spawn();
    select! {
        told = ctx.wait_for::<Told>() => lap.read.push(told.number),
        () = ctx.sleep(std::time::Duration::from_millis(200 + lap.lap % 4 * 300)) => {}
    }
    drop((under_way, child_under_way));
    if lap.lap == lap.laps {
        return lap.read;
    }
    lap.lap += 1;
    ctx.continue_as_new(lap).await
}

pub(crate) fn planned_laps(draw: &mut Draw, _faults: &Faults) -> Planned {
    let laps = if draw.chance(15) {
        50
    } else {
        draw.between(2, 8)
    };
    let lap = Lap {
        lap: 1,
        laps,
        children: draw.chance(40),
        read: Vec::new(),
    };
    let raises = draw.between(0, 6);
    Planned::new("laps", json(&lap))
        .raises(raises)
        .early(draw.chance(30))
        .expects(Expected::InOrder)
}
