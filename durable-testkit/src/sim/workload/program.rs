//! Programs made from the seed, checked against a plain interpreter.

use durable_runtime::prelude::*;
use futures::future::join_all;
use serde::Deserialize;
use serde::Serialize;

use super::Planned;
use super::json;
use super::step::Broken;
use super::step::Step;
use super::step::Trouble;
use super::step::sure;
use crate::draw::Draw;
use crate::plan::Faults;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Op {
    Step(Step),
    Sleep(u64),
    Sequence(Vec<Op>),
    SideBySide(Vec<Op>),
    /// A timer against a step that does not end.
    TimerWins(u64),
    /// A program against a timer of a day.
    Beats(Box<Op>),
    Repeat(u64, Box<Op>),
    /// What fails inside counts as this number.
    Otherwise(Box<Op>, u64),
    Child(Box<Op>),
    SideEffect(u64),
}

fn both(left: u64, right: u64) -> u64 {
    left.wrapping_mul(1_000_003).wrapping_add(right) % 1_000_000_007
}

#[orchestrator]
pub(crate) async fn program(ctx: &OrchestrationContext, op: Op) -> Result<u64, Broken> {
    run(ctx, &op).await
}

#[orchestrator(inline)]
async fn run(ctx: &OrchestrationContext, op: &Op) -> Result<u64, Broken> {
    match op {
        Op::Step(step) => sure(ctx, step.clone()).await,
        Op::Sleep(millis) => {
            ctx.sleep(std::time::Duration::from_millis(*millis)).await;
            Ok(2)
        }
        Op::Sequence(ops) => {
            let mut value = 3;
            for op in ops {
                value = both(value, run(ctx, op).await?);
            }
            Ok(value)
        }
        Op::SideBySide(ops) => {
            let mut value = 5;
            for result in join_all(ops.iter().map(|op| run(ctx, op))).await {
                value = both(value, result?);
            }
            Ok(value)
        }
        Op::TimerWins(millis) => {
            let endless = Step {
                bad_attempts: u32::MAX,
                trouble: Trouble::Hangs,
                ..Step::default()
            };
            select! {
                _ = sure(ctx, endless) => Ok(0),
                () = ctx.sleep(std::time::Duration::from_millis(*millis)) => Ok(7),
            }
        }
        Op::Beats(op) => {
            select! {
                result = run(ctx, op) => result,
                () = ctx.sleep(days(1)) => Ok(0),
            }
        }
        Op::Repeat(times, op) => {
            let mut value = 11;
            for _ in 0..*times {
                value = both(value, run(ctx, op).await?);
            }
            Ok(value)
        }
        Op::Otherwise(op, value) => Ok(run(ctx, op).await.unwrap_or(*value)),
        Op::Child(op) => program((**op).clone()).await,
        Op::SideEffect(value) => {
            let value = *value;
            Ok(ctx.side_effect(move || value).await)
        }
    }
}

/// The same without anything durable.
fn plain(op: &Op) -> Result<u64, Broken> {
    match op {
        Op::Step(step) => step.expected(),
        Op::Sleep(_) => Ok(2),
        Op::Sequence(ops) => ops
            .iter()
            .try_fold(3, |value, op| Ok(both(value, plain(op)?))),
        Op::SideBySide(ops) => ops
            .iter()
            .try_fold(5, |value, op| Ok(both(value, plain(op)?))),
        Op::TimerWins(_) => Ok(7),
        Op::Beats(op) | Op::Child(op) => plain(op),
        Op::Repeat(times, op) => (0..*times).try_fold(11, |value, _| Ok(both(value, plain(op)?))),
        Op::Otherwise(op, value) => Ok(plain(op).unwrap_or(*value)),
        Op::SideEffect(value) => Ok(*value),
    }
}

fn drawn(draw: &mut Draw, faults: &Faults, depth: u64) -> Op {
    let kinds = if depth == 0 { 4 } else { 11 };
    let inner = |draw: &mut Draw| Box::new(drawn(draw, faults, depth.saturating_sub(1)));
    let some = |draw: &mut Draw| (0..draw.between(1, 3)).map(|_| *inner(draw)).collect();
    match draw.below(kinds) {
        0 | 1 => {
            let number = draw.below(1_000);
            let mut step = Step::drawn(draw, number, faults.activity);
            if draw.chance(8) {
                step.trouble = Trouble::Hopeless;
            }
            Op::Step(step)
        }
        2 => Op::Sleep(draw.below(6_000)),
        3 => Op::SideEffect(draw.below(1_000)),
        4 => Op::Sequence(some(draw)),
        5 => Op::SideBySide(some(draw)),
        6 => Op::TimerWins(draw.below(5_000)),
        7 => Op::Beats(inner(draw)),
        8 => Op::Repeat(draw.between(1, 3), inner(draw)),
        9 => Op::Otherwise(inner(draw), draw.below(100)),
        _ => Op::Child(inner(draw)),
    }
}

pub(crate) fn planned(draw: &mut Draw, faults: &Faults) -> Planned {
    let depth = draw.between(1, 3);
    let op = drawn(draw, faults, depth);
    let planned = Planned::new("program", json(&op));
    match plain(&op) {
        Ok(value) => planned.completes(json(&value)),
        Err(Broken::Hopeless(number)) => planned.fails_with(number),
        Err(_) => planned.expects(super::Expected::Anything),
    }
}
